"""The search for leaks: of each field, who fills it and when, what its values decide, and how strong it is alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, NotEnoughDataError, did_you_mean
from funnelml.scoring.leaks.clock import find_clock
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.filling import find_filled_together
from funnelml.scoring.leaks.levels import cut_into_levels
from funnelml.scoring.leaks.questions import Circumstances, question_field
from funnelml.scoring.leaks.report import LeakReport, Suspect
from funnelml.scoring.leaks.single_fields import deal_folds, sample_rows
from funnelml.scoring.leaks.strongest import find_strongest
from funnelml.scoring.rows import ScoringRows

_ENOUGH = 10
_NO_PAST: Final = MappingProxyType(
    {
        "loss_reason": "输单时才填写",
        "probability": "CRM 概率由阶段得出，并在记录结束时改为 0 或 1",
    }
)
"""Why fields have no past, in Chinese; of all others only the value of the export is known."""


def find_leaks(
    rows: ScoringRows,
    *,
    keep: Sequence[str] = (),
    left_out: Mapping[str, str] | None = None,
    assumed: Sequence[str] | None = None,
    open_features: pd.DataFrame | None = None,
    seed: int = 0,
) -> LeakReport:
    """Find fields that know the outcome before it came about, and say why.

    Parameters
    ----------
    rows : ScoringRows
        Rows with labels.
    keep : sequence of str
        Fields that stay whatever is found; the report names them.
    left_out : mapping of str to str, optional
        Fields without history that the features were made without, and the reason; those of ``rows`` if not given.
    assumed : sequence of str, optional
        Fields of the export that stand beside features as known at the time; those of ``rows`` if not given. If there
        are none there either, every field is of the export, as in a plain table.
    open_features : pandas.DataFrame, optional
        The same fields of records that are still open.
    seed : int
        Seed of the folds.

    Returns
    -------
    LeakReport
        Suspects to leave out, and suspects to look at.

    Raises
    ------
    NotEnoughDataError
        If fewer than ten records have one of the labels.
    ModelInputError
        If rows have no labels, two fields have one name, or a field to keep does not exist or was never made.

    Notes
    -----
    A field is **left out** if

    - its AUC alone is above 0.95 beyond doubt (95 % lower bound; five folds, so that an id tells nothing);
    - it is empty for open records: their filled share is under a fifth of that of the others;
    - or it is of the export and one of these holds: it was left out before; its values decide the outcome
      (``find_deciding_levels``) or it is filled only for one (``find_one_outcome``); it is filled late, and far more
      often for one outcome; its name speaks of the end (*last*, *closed*, 成交) and it tells the outcome (AUC of 0.6 at
      least); its name speaks of a judgement (*score*, *quality*, 评级) and it decides some rows, is filled far more
      often for one outcome, late or in spells, or tells more alone than all other fields together.

    It is **to be looked at** if its AUC alone is above 0.9, or it is filled half as often for open records; or if it is
    of the export and only assumed to be older; filled far more often for one outcome (``compare_outcomes``); filled
    late, in spells or since some time (``compare_times``); has values that decide some of the rows; tells more alone
    than all other fields together (``find_strongest``); is an id; or is named as above and tells the outcome (from a
    lower bound of 0.55 on for the end, 0.6 for a judgement).

    Features as known at the time are asked only for their AUC and for open records: what was known then cannot have
    come later. Fields whose filling tells the outcome (``LeakReport.filled_knowingly``), a note or more, are none by
    which other records can be counted.
    """
    left_out = rows.left_out if left_out is None else left_out
    assumed = rows.assumed if assumed is None else assumed
    label = _check(rows, keep, left_out)
    fields = [cut_into_levels(rows.features[name]) for name in rows.features]
    exported = {f.name for f in fields if assumed is None or f.name in assumed}
    together = find_filled_together(f for f in fields if f.name in exported)
    around = Circumstances(
        label=label,
        fold=deal_folds(rows.record_id, label, seed),
        tried=sample_rows(label, seed),
        independent=len(pd.unique(rows.record_id)) / len(rows),
        clock=find_clock(rows),
        open_features=open_features,
    )
    cases = [
        question_field(
            f,
            around,
            of_export=f.name in exported,
            assumed=assumed is not None and f.name in exported,
            together=together.get(f.name),
        )
        for f in fields
    ]
    suspects = [s for s in (case.as_suspect(keep) for case in find_strongest(cases, around)) if s is not None]
    suspects.sort(key=lambda s: (s.verdict != "leave out", -s.auc))
    gone = [_without_history(n, reason) for n, reason in left_out.items() if n not in rows.features]
    return LeakReport(suspects=(*gone, *suspects), fields=len(fields) + len(gone), rows=len(rows))


def _check(rows: ScoringRows, keep: Sequence[str], left_out: Mapping[str, str]) -> NDArray[np.float64]:
    if rows.label is None:
        raise ModelInputError("the rows have no labels; leaks are found in rows whose outcome is known")
    for label in (0, 1):
        records = len(pd.unique(rows.record_id[rows.label == label]))
        if records < _ENOUGH:
            raise NotEnoughDataError(
                f"{records:,} records have label {label}; leaks can be told from chance with {_ENOUGH} of each label"
            )
    names = [str(name) for name in rows.features]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ModelInputError(f"field '{twice[0]}' is there twice; rename one of them")
    for name in (n for n in keep if n not in names):
        if name in left_out:
            raise ModelInputError(
                f"'{name}' cannot be kept, the features were made without it as its past is not known: "
                f"{left_out[name]}. Where it never changes once a record is created, make them with trusted=['{name}']"
            )
        raise ModelInputError(f"'{name}' cannot be kept, there is no such field{did_you_mean(name, names)}")
    return rows.label


def _without_history(field: str, reason: str) -> Suspect:
    return Suspect(
        field=field,
        verdict="leave out",
        kept=False,
        evidence=(
            Evidence(
                kind="no_history",
                weight="proof",
                en=f"its past is not known: {reason}",
                zh=f"历史取值未知：{_NO_PAST.get(field, '仅有导出时的取值')}",
            ),
        ),
        auc=float("nan"),
        auc_low=float("nan"),
        filled=float("nan"),
    )
