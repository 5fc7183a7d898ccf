"""The questions that are put to one field of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import share
from funnelml.scoring.leaks.case import Case
from funnelml.scoring.leaks.clock import Clock, is_running
from funnelml.scoring.leaks.deciding import find_deciding_levels, find_one_outcome
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.filling import compare_open, compare_outcomes, compare_times
from funnelml.scoring.leaks.levels import Levels
from funnelml.scoring.leaks.single_fields import Strength, measure_strength, rate_out_of_fold

HARDLY_HONEST_AUC, RARE_AUC = 0.95, 0.9
"""AUC of one field above which it is hardly honest, and above which honest fields are rare."""
_UNIQUE = 0.95
_ID_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the questions to every field have in common.

    Parameters
    ----------
    label : numpy.ndarray of float64, shape (n,)
        What became of each row.
    fold : numpy.ndarray of int64, shape (n,)
        Fold of each row.
    tried : numpy.ndarray of int64
        Rows on which fields are tried together.
    independent : float
        Records for each row.
    clock : Clock
        What counts up with creation.
    open_features : pandas.DataFrame or None
        Fields of open records.
    """

    label: NDArray[np.float64]
    fold: NDArray[np.int64]
    tried: NDArray[np.int64]
    independent: float
    clock: Clock
    open_features: pd.DataFrame | None


def question_field(
    levels: Levels, around: Circumstances, *, of_export: bool, assumed: bool, together: Evidence | None
) -> Case:
    """Return the case of a field: all that can be measured of it without regard to the others.

    Parameters
    ----------
    levels : Levels
        The field.
    around : Circumstances
        Labels, folds, clock, open records.
    of_export : bool
        Whether its values may have been written later than the time that a row speaks of; if not, only its AUC and
        the open records are asked.
    assumed : bool
        Whether it is only assumed to be as old as the record.
    together : Evidence or None
        That it is filled together with others.
    """
    label, independent = around.label, around.independent
    rate = rate_out_of_fold(levels, label, around.fold)
    strength = measure_strength(rate, label, independent)
    found = [_judge_auc(strength), _ask_open_records(levels, around)]
    if of_export:
        found += [
            _assume() if assumed else None,
            find_one_outcome(levels, label, independent),
            find_deciding_levels(levels, label, independent),
            compare_outcomes(levels.filled, label, independent),
            compare_times(levels.filled, around.clock, independent),
            _find_identifier(levels),
            together,
        ]
    tried = rate[around.tried]
    return Case(
        field=levels.name,
        of_export=of_export,
        strength=strength,
        filled=float(levels.filled.mean()),
        log_odds=np.log(tried) - np.log1p(-tried),
        evidence=tuple(e for e in found if e is not None),
    )


def _judge_auc(strength: Strength) -> Evidence | None:
    if strength.auc <= RARE_AUC:
        return None
    auc, low = f"{strength.auc:.3f}", f"{strength.low:.3f}"
    return Evidence(
        kind="high_auc",
        weight="proof" if strength.low > HARDLY_HONEST_AUC else "hint",
        en=f"tells the outcome all but alone: AUC {auc} (at least {low} with 95 % confidence)",
        zh=f"单独几乎就能判断结果：AUC {auc}（95 % 置信下限 {low}）",
    )


def _ask_open_records(levels: Levels, around: Circumstances) -> Evidence | None:
    if around.open_features is None:
        return None
    there = levels.name in around.open_features
    filled = around.open_features[levels.name].notna() if there else pd.Series(False, index=around.open_features.index)
    return compare_open(levels.filled, filled.to_numpy(dtype=bool), around.independent)


def _assume() -> Evidence:
    return Evidence(
        kind="assumed",
        weight="hint",
        en="has no history: today's value is assumed to be that of the beginning",
        zh="没有变更历史：假定当前值即为最初的值",
    )


def _find_identifier(levels: Levels) -> Evidence | None:
    filled = int(levels.filled.sum())
    if filled < _ID_ROWS:
        return None
    if levels.values.dtype == object:
        if levels.distinct < _UNIQUE * filled:
            return None
    elif not is_running(levels.values.astype(np.float64)[levels.filled]):
        return None
    distinct, part = f"{levels.distinct:,}", share(levels.distinct / filled)
    return Evidence(
        kind="identifier",
        weight="hint",
        en=f"names a row rather than describing it: {distinct} different values, {part} of the filled rows",
        zh=f"是编号而非描述：有 {distinct} 个不同取值，相当于已填写行数的 {part}",
    )
