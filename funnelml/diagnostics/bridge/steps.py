"""The rule of the pipeline bridge: which record is in which step, and with how many cents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import InputError, first_few
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.language import Language

STEPS: Final[Mapping[str, Mapping[Language, str]]] = {
    "start": {"en": "start", "zh": "期初"},
    "corrected": {"en": "corrected", "zh": "事后更正"},
    "new": {"en": "new", "zh": "新增"},
    "reopened": {"en": "re-opened", "zh": "重新打开"},
    "amount_up": {"en": "amount up", "zh": "金额上调"},
    "amount_down": {"en": "amount down", "zh": "金额下调"},
    "pulled_in": {"en": "pulled in", "zh": "提前"},
    "pushed_out": {"en": "pushed out", "zh": "推迟"},
    "won": {"en": "won", "zh": "赢单"},
    "lost": {"en": "lost", "zh": "输单"},
    "end": {"en": "end", "zh": "期末"},
}
"""Steps of a bridge in order, and their names for a person."""
MOVEMENTS: Final = ("advanced", "fell_back", "pulled_in", "pushed_out")
"""What open records did without changing the open amount."""
DATE_STEPS: Final = ("pulled_in", "pushed_out")
"""Steps that only a bridge of what is expected by a day has."""
MOST: Final = 2.0**53
"""Greatest sum of amounts that is added: a hundred times as many cents still fit into 64 bits."""


def count_cents(amount: pd.Series) -> NDArray[np.int64]:
    """Return amounts in whole cents (hundredths of the unit), 0 where an amount is not known.

    Parameters
    ----------
    amount : pandas.Series, shape (n,)
        Amounts, by record id.

    Raises
    ------
    InputError
        If they are too great to be added as integers.
    """
    values = amount.to_numpy(dtype=float)
    values = np.where(np.isfinite(values), values, 0.0)
    total = np.abs(values).sum()
    if total > MOST:
        largest = amount.index[np.argsort(-np.abs(values), kind="stable")]
        raise InputError(
            f"amounts of {len(values):,} records add up to {total:.3g}, too much to count to the cent; "
            f"check the largest ({first_few(largest)})"
        )
    return np.rint(values * 100).astype(np.int64)


def attribute_steps(
    states: Mapping[str, pd.DataFrame], *, changed_from: int, due_before: int | None = None
) -> pd.DataFrame:
    """Attribute every record to the steps of a bridge, by the rule of ``build_bridge``.

    Parameters
    ----------
    states : mapping of str to pandas.DataFrame
        ``known_then``, ``start`` and ``end``: ``stage, amount, entered_at, expected_close_date``, all indexed by the
        same record ids; empty where there was no such record.
    changed_from : int
        First instant (microseconds) after the start: a closed record that moved since was closed again.
    due_before : int, optional
        Only records whose expected close date is earlier are in the total; all by default.

    Returns
    -------
    pandas.DataFrame
        One row per step and record that it touches: ``step, record_id, net_records, cents``. For every record the rows
        from ``start`` to ``lost`` add up to that of ``end``.
    """
    stage = {name: state["stage"].to_numpy(dtype=object) for name, state in states.items()}
    there = {name: pd.notna(stage[name]) for name in states}
    is_open = {name: there[name] & ~np.isin(stage[name].astype(str), (WON, LOST)) for name in states}
    due = {name: _due(state, due_before) for name, state in states.items()}
    inside = {name: is_open[name] & due[name] for name in states}
    cents = {name: count_cents(state["amount"]) for name, state in states.items()}
    last = cents["end"]
    change = np.where(inside["start"], last - cents["start"], 0)

    was, now = is_open["start"], is_open["end"]
    since = states["end"]["entered_at"].to_numpy(dtype=float) >= changed_from
    reopened = there["start"] & ~was & (now | since)
    comes_in = {
        "new": ~there["start"] & due["end"],
        "reopened": reopened & due["end"],
        "pulled_in": was & ~due["start"] & due["end"],
    }
    counted = inside["start"] | np.logical_or.reduce(list(comes_in.values()))
    goes_out = {
        "pushed_out": inside["start"] & now & ~due["end"],
        "won": counted & (stage["end"] == WON),
        "lost": counted & (stage["end"] == LOST),
    }
    net = {
        "start": inside["known_then"].astype(np.int64),
        "corrected": inside["start"].astype(np.int64) - inside["known_then"],
        **{step: mask.astype(np.int64) for step, mask in comes_in.items()},
        **{step: -mask.astype(np.int64) for step, mask in goes_out.items()},
        "end": inside["end"].astype(np.int64),
    }
    flow = {step: last * count for step, count in net.items()} | {
        "start": cents["known_then"] * inside["known_then"],
        "corrected": cents["start"] * inside["start"] - cents["known_then"] * inside["known_then"],
        "amount_up": np.maximum(change, 0),
        "amount_down": np.minimum(change, 0),
    }
    ids = states["end"].index.to_numpy(dtype=object)
    none = np.zeros(len(ids), np.int64)
    parts = []
    for step in STEPS:
        rows = pd.DataFrame({"step": step, "record_id": ids, "net_records": net.get(step, none), "cents": flow[step]})
        parts.append(rows[(rows["net_records"] != 0) | (rows["cents"] != 0)])
    return pd.concat(parts, ignore_index=True)


def add_up(records: pd.DataFrame) -> pd.DataFrame:
    """Return one row per step, in order: ``step, records, net_records, cents``."""
    of = records.groupby("step")
    sums = pd.DataFrame({"records": of.size(), "net_records": of["net_records"].sum(), "cents": of["cents"].sum()})
    return sums.reindex(list(STEPS), fill_value=0).astype("int64").rename_axis("step").reset_index()


def find_movements(start: pd.DataFrame, end: pd.DataFrame, funnel: Funnel) -> pd.DataFrame:
    """List how the records that are open in both states moved without leaving the total.

    Parameters
    ----------
    start, end : pandas.DataFrame
        ``stage, amount, owner, expected_close_date``, indexed by the same record ids.

    Returns
    -------
    pandas.DataFrame
        One row per movement and record: ``movement, record_id, owner, amount`` (at the end).
    """
    rank = {name: i for i, name in enumerate(funnel.stages)}
    before, after = (state["stage"].map(rank).to_numpy(dtype=float) for state in (start, end))
    promised, promises = (state["expected_close_date"].to_numpy(dtype=float) for state in (start, end))
    both = np.isfinite(before) & np.isfinite(after)
    masks = (after > before, after < before, promises < promised, promises > promised)
    about = end[["owner", "amount"]].rename_axis("record_id").reset_index()
    parts = [about[both & mask].assign(movement=name) for name, mask in zip(MOVEMENTS, masks, strict=True)]
    return pd.concat(parts, ignore_index=True)[["movement", "record_id", "owner", "amount"]]


def _due(state: pd.DataFrame, before: int | None) -> NDArray[np.bool_]:
    if before is None:
        return np.ones(len(state), dtype=bool)
    return np.less(state["expected_close_date"].to_numpy(dtype=float), before)
