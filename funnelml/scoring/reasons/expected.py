"""What everyone expects of a field: values that can only speak for a record, and values that can only speak against.

A model may find the opposite: where hopeless leads are answered fastest, a fast answer lowers the score. That counts in
the score, but as a reason it is not believed. The table holds only fields whose meaning is beyond doubt; of all other
values nothing is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.scoring.reasons.activity_words import KINDS, QUIET, SOON

Signs = NDArray[np.int8]
Expectation = Callable[[NDArray[np.float64]], Signs]
"""From values (NaN if missing) to 1 where they can only speak for a record, -1 where only against it, 0 elsewhere."""

_OFTEN: Final = 4
"""Activities in 30 days from which on there was one a week."""


def _signs(good: NDArray[np.bool_], bad: NDArray[np.bool_]) -> Signs:
    return good.astype(np.int8) - bad.astype(np.int8)


def _expect_of_lift(lift: NDArray[np.float64]) -> Signs:
    points = np.rint(100 * lift)
    return _signs(points > 0, points < 0)


def _expect_of_response(hours: NDArray[np.float64]) -> Signs:
    return _signs(hours <= SOON[-1], ~(hours <= SOON[-1]))


def _expect_of_waiting(hours: NDArray[np.float64]) -> Signs:
    return _signs(hours == 0, hours > 0)


def _expect_of_quiet(days: NDArray[np.float64]) -> Signs:
    return _signs(days < QUIET, ~(days < QUIET))


def _expect_of_last(days: NDArray[np.float64]) -> Signs:
    # A last one of long ago speaks for neither: it did happen.
    return _signs(days < QUIET, np.isnan(days))


def _expect_of_count(often: float) -> Expectation:
    return lambda count: _signs(count >= often, count == 0)


def _expectations() -> dict[str, Expectation]:
    expected: dict[str, Expectation] = {f"{who}_win_lift": _expect_of_lift for who in ("owner", "source", "account")}
    expected |= {
        "response_hours": _expect_of_response,
        "waiting_hours": _expect_of_waiting,
        "days_since_activity": _expect_of_quiet,
        "days_since_inbound": _expect_of_last,
        "activities_7d": _expect_of_count(1),
        "activities_30d": _expect_of_count(_OFTEN),
        "activities_total": _expect_of_count(np.inf),
        "inbound_30d": _expect_of_count(1),
    }
    for kind in KINDS:
        expected[f"{kind}_30d"] = _expect_of_count(_OFTEN)
        expected[f"{kind}_total"] = _expect_of_count(np.inf)
        expected[f"days_since_{kind}"] = _expect_of_last
    return expected


EXPECTED: Mapping[str, Expectation] = MappingProxyType(_expectations())
"""Expectations by field: wins above the average, fast answers and recent activity are good; many activities since
creation are neither, since they take time."""
