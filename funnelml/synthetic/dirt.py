"""Dirty rows on request, each kind in records of its own, so that every count is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError, first_few
from funnelml.history.funnel import LOST
from funnelml.schema import DAY
from funnelml.synthetic.export import in_order
from funnelml.synthetic.market import generator
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

UNKNOWN_STAGE = {"en": "Parked", "zh": "搁置"}
"""The stage that is in no funnel."""

_HALF_AN_HOUR = 30 * 60_000_000
_Log = pd.DataFrame


def spoil(
    world: SyntheticWorld, tables: Mapping[str, pd.DataFrame], *, cut: int, seed: int
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the tables with the dirty rows that the world asks for.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Clean canonical tables of the export.
    cut : int
        First instant after the export, in microseconds.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        Canonical tables; still valid by the schema.
    undated : pandas.DataFrame
        Stage changes without a date, taken out of the log: ``record_id, stage, recorded_at``.
    spoiled : dict of str to tuple of str
        Ids of the records spoiled, by kind.

    Raises
    ------
    NotEnoughDataError
        If the export has too few records that can be spoiled in the way asked for.
    """
    log = tables["stage_changes"].sort_values(["record_id", "entered_at"], kind="stable", ignore_index=True)
    shape = _shape_of(world, log, cut)
    untouched = shape.index[generator(seed, "dirt").permutation(len(shape))]
    spoiled: dict[str, tuple[str, ...]] = {}

    def take(kind: str, able: pd.Series) -> list[str]:
        nonlocal untouched
        wanted = getattr(world.dirt, kind)
        fit = untouched[able.reindex(untouched).to_numpy(dtype=bool)]
        if len(fit) < wanted:
            raise NotEnoughDataError(
                f"dirt: {wanted:,} records asked for as '{kind}', but only {len(fit):,} in the export can be "
                f"({first_few(fit)}); ask for fewer, or simulate more days"
            )
        chosen = sorted(fit[:wanted])
        untouched = untouched.difference(chosen, sort=False)
        spoiled[kind] = tuple(chosen)
        return chosen

    for kind, (able, change) in _KINDS.items():
        chosen = take(kind, able(shape))
        rows = log["record_id"].isin(chosen).to_numpy()
        if chosen:
            log = pd.concat([log[~rows], change(world, log[rows])], ignore_index=True)
            log = log.sort_values(["record_id", "entered_at"], kind="stable", ignore_index=True)
    waiting = log["record_id"].isin(take("undated", shape["single"])).to_numpy()
    blank = take("missing_amounts", shape["any"])
    out = dict(tables)
    out["stage_changes"] = in_order("stage_changes", log[~waiting])
    opportunities, fields = tables["opportunities"], tables["field_changes"]
    amount = opportunities["amount"].mask(opportunities["opportunity_id"].isin(blank))
    out["opportunities"] = opportunities.assign(amount=amount)
    gone = (fields["field"] == "amount") & fields["record_id"].isin(blank)
    out["field_changes"] = fields[~gone].reset_index(drop=True)
    return out, log.loc[waiting, ["record_id", "stage", "recorded_at"]].reset_index(drop=True), spoiled


def _shape_of(world: SyntheticWorld, log: _Log, cut: int) -> pd.DataFrame:
    """Return what can be done to each record: one row per record, columns of bool."""
    log = log.assign(rank=log["stage"].map(world.funnel.order))
    by = log.groupby("record_id")
    last, count = by.tail(1).set_index("record_id"), by.size()
    first, second, third = (by.nth(k).set_index("record_id").reindex(count.index) for k in range(3))
    stages = len(world.laws)
    over = last["rank"] >= stages
    return pd.DataFrame(
        {
            "any": True,
            "single": (count == 1) & ~over,
            "climbs": (first["rank"] == 0) & (second["rank"] == 1) & (third["rank"] == 2),
            "in_turn": second["recorded_at"] <= third["recorded_at"],
            "over": over,
            "lost_long_ago": (last["rank"] == stages + 1) & (last["recorded_at"] < cut - 20 * DAY),
            "lately_open": ~over & (last["entered_at"] > cut - 300 * DAY) & (count > 1),
        }
    )


def _repeat_first(world: SyntheticWorld, rows: _Log) -> _Log:
    return pd.concat([rows, rows.groupby("record_id").head(1)])


def _at_one_instant(world: SyntheticWorld, rows: _Log) -> _Log:
    # The later move takes the instant of the earlier one, so that neither is recorded before it happened.
    number, earlier = rows.groupby("record_id").cumcount(), rows["entered_at"].shift(fill_value=0)
    return rows.assign(entered_at=np.where(number == 2, earlier, rows["entered_at"]))


def _reopen(world: SyntheticWorld, rows: _Log) -> _Log:
    end = rows.groupby("record_id").tail(1)
    before = rows.groupby("record_id")["stage"].nth(-2)
    again = end.assign(stage=before.to_numpy(), **_dated(end["recorded_at"] + 7 * DAY))
    lost = end.assign(stage=LOST, **_dated(end["recorded_at"] + 12 * DAY))
    return pd.concat([rows, again, lost])


def _skip_second(world: SyntheticWorld, rows: _Log) -> _Log:
    return rows[rows.groupby("record_id").cumcount() != 1]


def _park(world: SyntheticWorld, rows: _Log) -> _Log:
    first = rows.groupby("record_id").head(1)
    parked = first.assign(stage=UNKNOWN_STAGE[world.language], **_dated(first["entered_at"] + _HALF_AN_HOUR))
    return pd.concat([rows, parked])


def _close_early(world: SyntheticWorld, rows: _Log) -> _Log:
    created = rows.groupby("record_id")["entered_at"].transform("min")
    return rows.assign(entered_at=np.where(_is_last(rows), created - 3 * DAY, rows["entered_at"]))


def _date_a_year_late(world: SyntheticWorld, rows: _Log) -> _Log:
    return rows.assign(entered_at=rows["entered_at"] + np.where(_is_last(rows), 365 * DAY, 0))


def _is_last(rows: _Log) -> pd.Series:
    return ~rows.duplicated("record_id", keep="last")


def _dated(at: IntArray | pd.Series) -> dict[str, pd.Series]:
    return {"entered_at": pd.Series(at), "recorded_at": pd.Series(at)}


_Able = Callable[[pd.DataFrame], pd.Series]
_KINDS: Mapping[str, tuple[_Able, Callable[[SyntheticWorld, _Log], _Log]]] = {
    "reopenings": (lambda shape: shape["lost_long_ago"], _reopen),
    "after_export": (lambda shape: shape["lately_open"], _date_a_year_late),
    "same_instant": (lambda shape: shape["climbs"] & shape["in_turn"], _at_one_instant),
    "skipped_stages": (lambda shape: shape["climbs"], _skip_second),
    "closed_before_creation": (lambda shape: shape["over"], _close_early),
    "exact_duplicates": (lambda shape: shape["any"], _repeat_first),
    "unknown_stages": (lambda shape: shape["any"], _park),
}
