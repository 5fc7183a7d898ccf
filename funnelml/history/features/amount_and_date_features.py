"""How the amount of a record and its expected close date have moved by a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelml.history.features.calendar_features import days_between, local_times
from funnelml.history.features.field_values import FieldValues
from funnelml.history.features.known_rows import KnownPairs, Moments
from funnelml.schema import DAY

FloatArray = NDArray[np.float64]


def describe_amounts(amounts: FieldValues, moments: Moments) -> dict[str, FloatArray]:
    """Return ``amount, amount_change`` (now / first known - 1) and ``amount_changes`` (how often it changed).

    Notes
    -----
    A change leads from an amount that is known to another one; to set it for the first time is none.
    """
    before = amounts.fixed_by(moments.record, moments.cut)

    def tell(known: KnownPairs) -> dict[str, NDArray[Any]]:
        old, new = _steps(amounts, known, before)
        start = np.where(np.isnan(old), new, old)
        told = ~np.isnan(start)
        return {
            "first": known.take(told).first(start[told], np.nan),
            "changes": known.count(~np.isnan(old) & ~np.isnan(new) & (old != new)),
        }

    told = amounts.changes.describe(moments, tell)
    amount = amounts.at(moments.record, moments.cut)
    first = np.where(np.isnan(before), told["first"], before)
    # Of amounts as far apart as numbers can be there is no ratio.
    with np.errstate(over="ignore"):
        change = np.divide(amount, first, out=np.full(len(first), np.nan), where=first > 0) - 1
    change[~np.isfinite(change)] = np.nan
    return {"amount": amount, "amount_change": change, "amount_changes": told["changes"]}


def describe_close_dates(dates: FieldValues, moments: Moments, time_zone: str) -> dict[str, FloatArray]:
    """Return ``days_to_expected_close`` (calendar days; negative once past), ``pushes`` and ``pushed_days``.

    Notes
    -----
    A push is a change to a later date; its days are those between the two dates.
    """
    before = dates.fixed_by(moments.record, moments.cut)

    def tell(known: KnownPairs) -> dict[str, NDArray[Any]]:
        old, new = _steps(dates, known, before)
        # Rounded, since the day on which the clocks change has 23 or 25 hours.
        days = np.rint((new - old) / DAY)
        return {"pushes": known.count(days > 0), "pushed_days": known.sum(np.where(days > 0, days, 0.0))}

    expected = local_times(dates.at(moments.record, moments.cut), time_zone)
    today = local_times(moments.cut - 1, time_zone)
    return {"days_to_expected_close": days_between(today, expected)} | dates.changes.describe(moments, tell)


def _steps(field: FieldValues, known: KnownPairs, before: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return from what to what each known change led: from its own old value, else from what stood by then."""
    new, own = field.new[known.row], field.old[known.row]
    stood = np.where(known.is_first(), before[known.block][known.moment], np.roll(new, 1))
    return np.where(np.isnan(own), stood, own), new
