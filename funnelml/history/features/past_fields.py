"""Which fields may speak of the past: those with a history, and those a record is born with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.errors import FunnelError, did_you_mean
from funnelml.history.features.fixed_values import FIELDS, read_fixed_values
from funnelml.history.history import History
from funnelml.history.record_log import RecordLog, read_log
from funnelml.language import Language, join_words, say

OWN = "field:"
"""What stands before the name of a field that only the log of changes knows."""
_BORN = ("source", "segment", "product", "account", "lead_id")
_NEVER = {
    "probability": "the CRM's own probability follows from the stage and is set to 0 or 1 when a record closes",
    "loss_reason": "it is written when a record is lost",
}
_NO_HISTORY = "no change of it was ever recorded: the value is that of the day of the export, not of the past"
_REPEATED = "each record shows one value, from its first row on: that of the day of the export may have been repeated"


@dataclass(frozen=True, kw_only=True)
class PastFields:
    """The fields of a funnel and whether their past is known.

    Parameters
    ----------
    known : tuple of str
        Fields that may be features; ``field:`` stands before the name of those that only the log of changes knows.
    assumed : tuple of str
        Those of them that have no history and were taken as set when the record was created.
    left_out : mapping of str to str
        Fields that may not, with the reason.
    """

    known: tuple[str, ...]
    assumed: tuple[str, ...]
    left_out: Mapping[str, str]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per field: ``field, use`` (``known, assumed, left out``) and ``reason``."""
        rows = [(f, "assumed" if f in self.assumed else "known", "") for f in self.known]
        rows += [(f, "left out", reason) for f, reason in self.left_out.items()]
        return pd.DataFrame(rows, columns=["field", "use", "reason"])

    def summary(self, language: Language = "en") -> str:
        """Return which fields were left out, and which were taken on trust."""
        parts = []
        if self.left_out:
            names = join_words(list(self.left_out), language)
            english = f"Left out, since their past is not known: {names}."
            parts.append(say(language, en=english, zh=f"历史取值未知、已剔除的字段：{names}。"))
        if self.assumed:
            names = join_words(self.assumed, language)
            english = f"Taken as unchanged since the record was created: {names}."
            parts.append(say(language, en=english, zh=f"视为自创建起未变的字段：{names}。"))
        if not parts:
            return say(language, en="The past of all fields is known.", zh="所有字段的历史取值均已知。")
        return say(language, en=" ", zh="").join(parts)


def find_past_fields(
    history: History, *, as_of: date, funnel: str | None = None, trusted: Sequence[str] = ()
) -> PastFields:
    """Find the fields whose past is known, by what was recorded by ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    funnel : str, optional
        Name of the funnel; the first by default.
    trusted : sequence of str
        Fields to be taken as unchanged since the record was created, although nothing says so.

    Raises
    ------
    FunnelError
        If a trusted field does not exist.

    Notes
    -----
    A field has a history if a change of it was logged. One value of each record, logged with its first row, is none:
    that is how an event log repeats in every row what stood there on the day of the export. A field with a history is
    known from the first of its changes on, of whichever record: of before nobody knows what had changed. Source,
    segment, product, account and lead are those with which a record is born: they are known from its creation, and if
    they have no history, that is an assumption. So it is for fields of the workspace's own (``field:``), which may be
    filled once and for all as the record is created; the search for leaks asks them what it asks of an export.
    """
    log = read_log(history, as_of=as_of, funnel=funnel)
    return sort_fields(log, read_fixed_values(history, log), trusted)


def sort_fields(log: RecordLog, fixed: pd.DataFrame, trusted: Sequence[str]) -> PastFields:
    """Sort the fields of a log into those known, assumed and left out.

    Parameters
    ----------
    log : RecordLog
        The log.
    fixed : pandas.DataFrame
        Fixed values, as ``read_fixed_values`` returns them.
    trusted : sequence of str
        Fields that the caller insists on.
    """
    logged = set(log.fields["field"].unique())
    own = sorted(OWN + field for field in logged - set(FIELDS))
    for name in trusted:
        if name not in (*FIELDS, *own):
            there = (*FIELDS, *own)
            raise FunnelError(f"no field '{name}' to be trusted{did_you_mean(name, there)}; {', '.join(there)}")
    tracked = _find_tracked(log)
    known, assumed, left_out = [], [], {}
    for field in (*FIELDS, *own):
        name = field.removeprefix(OWN)
        has_history = name in tracked
        if name not in logged and not (field in fixed and fixed[field].notna().any()):
            continue
        if field in _NEVER and field not in trusted:
            left_out[field] = _NEVER[field]
        elif has_history or field in _BORN or field in trusted or field.startswith(OWN):
            known.append(field)
            if not has_history:
                assumed.append(field)
        else:
            left_out[field] = _REPEATED if name in logged else _NO_HISTORY
    return PastFields(known=tuple(known), assumed=tuple(assumed), left_out=left_out)


def tracked_since(log: RecordLog, field: str) -> int | None:
    """Return when the first change of a field was recorded (microseconds); None if its past needs no record of it.

    Parameters
    ----------
    log : RecordLog
        The log.
    field : str
        Its name.
    """
    changes = log.changes_of(field)
    return None if field in _BORN or changes.empty else int(changes["recorded_at"].min())


def _find_tracked(log: RecordLog) -> set[str]:
    """Return the fields of which more was logged than one value of each record with its first row."""
    first = log.stages.sort_values(["recorded_at", "entered_at"]).drop_duplicates("record_id")
    changes = log.fields
    begun = changes["record_id"].map(first.set_index("record_id")["entered_at"])
    later = changes["changed_at"] > begun.fillna(np.inf)
    again = changes.duplicated(["record_id", "field"])
    return set(changes.loc[later | again | changes["old"].notna(), "field"])
