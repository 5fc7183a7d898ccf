"""The moves of each record as known at an instant: the step that snapshot and episodes share.

Written once with narwhals, so that pandas, DuckDB and Spark run the same code; instants are integers because that is
what the three agree on to the digit.

The written rule of order: moves of a record are ordered by event time; at one instant by record time (a correction
comes after what it corrects), then by position in the funnel (won and lost last). A change into the stage in which the
record already is, is no move. A stay that ends at the instant it began has length zero and stays in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from funnelml.history.funnel import Funnel
from funnelml.history.history import History

_ORDER = ("entered_at", "recorded_at", "rank")


def known_moves(history: History, funnel: Funnel, cut: int) -> nw.LazyFrame[Any]:
    """Return the moves of one funnel that were recorded, and had happened, before ``cut``.

    Returns
    -------
    narwhals.LazyFrame
        Columns ``record_id, stage, entered_at, recorded_at, rank`` (position in the funnel; won and lost last),
        ``next_stage, next_entered_at, next_rank`` (null for the move that still stands).
    """
    log = history.lazy("stage_changes")
    assert log is not None
    known = log.filter(nw.col("funnel") == funnel.name, nw.col("recorded_at") < cut, nw.col("entered_at") < cut).select(
        "record_id",
        "stage",
        "entered_at",
        "recorded_at",
        rank=_rank_of(nw.col("stage"), funnel).cast(nw.Int64),
    )
    previous = known.with_columns(
        previous_rank=nw.col("rank").shift(1).over("record_id", order_by=_ORDER),
    )
    moves = previous.filter(nw.col("previous_rank").is_null() | (nw.col("previous_rank") != nw.col("rank"))).drop(
        "previous_rank"
    )
    return moves.with_columns(
        next_stage=nw.col("stage").shift(-1).over("record_id", order_by=_ORDER),
        next_entered_at=nw.col("entered_at").shift(-1).over("record_id", order_by=_ORDER),
        next_rank=nw.col("rank").shift(-1).over("record_id", order_by=_ORDER),
        visit=nw.col("entered_at").cum_count().over("record_id", "stage", order_by=_ORDER),
    )


def last_known(history: History, funnel: Funnel, cut: int, fields: Sequence[str]) -> nw.LazyFrame[Any] | None:
    """Return the last value of each field per record, as recorded before ``cut``.

    Returns
    -------
    narwhals.LazyFrame or None
        Columns ``record_id``, ``field`` and ``new`` (text), one row per record and field that ever changed; None if the
        history has no field changes.
    """
    log = history.lazy("field_changes")
    if log is None:
        return None
    order = ("changed_at", "recorded_at", "new")
    known = log.filter(
        nw.col("funnel") == funnel.name,
        nw.col("field").is_in(list(fields)),
        nw.col("recorded_at") < cut,
        nw.col("changed_at") < cut,
    )
    following = known.with_columns(later=nw.col("changed_at").shift(-1).over("record_id", "field", order_by=order))
    return following.filter(nw.col("later").is_null()).select("record_id", "field", "new")


def _rank_of(stage: nw.Expr, funnel: Funnel) -> nw.Expr:
    rank: Any = nw.lit(len(funnel.order))
    for name, position in funnel.order.items():
        rank = nw.when(stage == name).then(nw.lit(position)).otherwise(rank)
    return rank
