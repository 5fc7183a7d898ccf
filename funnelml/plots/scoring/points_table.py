"""The points of a scorecard for a person: the fields that tell most, with what each value is worth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.language import Language, say
from funnelml.plots.scoring.cells import readable
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.models.bins import BinnedColumn
from funnelml.scoring.models.columns import TextColumn
from funnelml.scoring.models.scorecard import POINT, Scorecard

_MOST_VALUES: Final = 6
"""Rows of a field: levels of a text with the most points for or against, or neighbouring bins of a number as one."""


def table_points(
    card: Scorecard,
    *,
    slope: float = 1.0,
    constant: float | None = None,
    most: int = 8,
    language: Language = "en",
) -> ReadableTable:
    """Return the points of the fields whose points range widest, and the base of every record, folded.

    A chance of 50 % has 0 points, and 20 more double the odds.

    Parameters
    ----------
    card : Scorecard
        Fitted.
    slope : float
        Slope of the calibration that the log odds pass through afterwards; points are stretched by it.
    constant : float, optional
        Log odds that every record begins with, level and calibration included, as the last of the ``contributions`` of
        a scorer; that of the card alone by default.
    most : int
        Fields that are shown.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    ReadableTable
        At most seven rows per field: neighbouring bins with the nearest points are one and say how far these reach,
        levels with the least points are left out. The first row is the base: the chance of a record follows from it
        and the points of all its fields.
    """
    points = [np.rint(slope * own).astype(np.int64) for own in card.points_]
    spread = np.array([np.ptp(own) for own in points])
    telling = int((spread > 0).sum())
    chosen = np.argsort(-spread, kind="stable")[: min(most, telling)]
    base = round((slope * card.constant_ if constant is None else constant) / POINT)
    columns = {
        "field": [say(language, en="(base)", zh="（基础分）")],
        "value": [say(language, en="every record", zh="每条记录")],
        "points": [_write_points(base, base, language)],
    }
    for j in chosen:
        rows = _tell_values(card.bins_[j], points[j].tolist(), language)
        columns["field"] += [name_field(card.bins_[j].column.name, language), *[""] * (len(rows) - 1)]
        columns["value"] += [name for name, _, _ in rows]
        columns["points"] += [_write_points(low, high, language) for _, low, high in rows]
    folded = say(
        language,
        en=f"Points of the {len(chosen)} fields that range widest, of {telling} with points, and the base; a sum of 0 "
        "is a chance of 50 %, 20 more double the odds",
        zh=f"{telling} 个有分值的字段中差异最大的 {len(chosen)} 个及基础分；总分 0 对应概率 50 %，每 20 分使几率翻倍",
    )
    return readable(columns, {"field", "value"}, language, folded=folded)


def _tell_values(binned: BinnedColumn, points: list[int], language: Language) -> list[tuple[str, int, int]]:
    """Return what is worth points in words, with the least and the most points."""
    missing = (say(language, en="not filled", zh="未填写"), points[0], points[0])
    if isinstance(binned.column, TextColumn):
        names = [say(language, en="(others)", zh="（其余）"), *binned.column.levels]
        levels = sorted(zip(names, points[1:], points[1:], strict=True), key=lambda level: -abs(level[1]))
        rows = sorted(levels[:_MOST_VALUES], key=lambda level: -level[1])
    else:
        rows = _merge_bins(_write_edges(binned.edges), points[1:])
    return [row for row in (*rows, missing) if row[1:] != (0, 0)]


def _merge_bins(edges: Sequence[str], points: Sequence[int]) -> list[tuple[str, int, int]]:
    """Return neighbouring bins as one, those with the nearest points first, until few are left."""
    groups = [(k, k, own, own) for k, own in enumerate(points)]
    while len(groups) > 1:
        joined = [(a[0], b[1], min(a[2], b[2]), max(a[3], b[3])) for a, b in pairwise(groups)]
        k = min(range(len(joined)), key=lambda k: joined[k][3] - joined[k][2])
        if len(groups) <= _MOST_VALUES and joined[k][2] != joined[k][3]:
            break
        groups[k : k + 2] = [joined[k]]
    told = []
    for first, last, low, high in groups:
        ends = (f"> {edges[first - 1]}" if first else "", f"≤ {edges[last]}" if last < len(edges) else "")
        told.append((", ".join(filter(None, ends)), low, high))
    return told


def _write_points(low: int, high: int, language: Language) -> str:
    ends = [f"{own:+d}".replace("-", "\N{MINUS SIGN}") if own else "0" for own in dict.fromkeys((low, high))]
    return say(language, en=" to ", zh=" 至 ").join(ends)


def _write_edges(edges: NDArray[np.float64]) -> list[str]:
    """Return edges with as few digits as tell them apart."""
    for digits in range(3, 17):
        told = [f"{edge:,.{digits}g}" if abs(edge) < 10**digits else f"{edge:,.0f}" for edge in edges]
        if len(set(told)) == len(told):
            break
    return told
