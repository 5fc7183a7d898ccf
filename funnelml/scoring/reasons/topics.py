"""Fields that say the same thing are one topic: their contributions add up, and the strongest of them speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.activity_words import KINDS

TIME_OF_YEAR: Final = "time of year"
"""The topic that is the same for all records of a day: it counts in each score, and is no reason to call one first."""

_INTEREST = ("web_visit", "download", "event")
"""Kinds of activities that the customer seeks; the others are ours."""


def _of_kind(kind: str) -> tuple[str, str, str]:
    return f"{kind}_30d", f"{kind}_total", f"days_since_{kind}"


TOPICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stage": ("stage", "moves"),
        "age": ("age_days", "stage_age_days"),
        "moves back": ("visit", "moves_back"),
        "amount": ("amount", "amount_change", "amount_changes"),
        "pushes": ("pushes", "pushed_days"),
        "follow-up": (
            *(f"activities_{span}" for span in ("7d", "30d", "total")),
            "days_since_activity",
            *(name for kind in KINDS if kind not in _INTEREST for name in _of_kind(kind)),
        ),
        "interest": ("inbound_30d", "days_since_inbound", *(name for kind in _INTEREST for name in _of_kind(kind))),
        "response": ("response_hours", "waiting_hours"),
        "owner": ("owner", "team", "owner_win_rate", "owner_win_lift"),
        "source": ("source", "source_win_rate", "source_win_lift"),
        "account": ("account", "account_won", "account_lost", "account_win_lift", "account_open"),
        "creation": ("created_hour", "created_weekday", "created_month"),
        TIME_OF_YEAR: ("weekday", "month", "days_to_quarter_end"),
    }
)
"""The topics of several fields; any other field is a topic of its own."""

_TOPIC_OF = {field: topic for topic, fields in TOPICS.items() for field in fields}


def topic_of(field: str) -> str:
    """Return the topic of a field.

    Examples
    --------
    >>> topic_of("activities_7d"), topic_of("days_since_call"), topic_of("field:budget")
    ('follow-up', 'follow-up', 'field:budget')
    """
    return _TOPIC_OF.get(field, field)


@dataclass(frozen=True, kw_only=True)
class TopicWeights:
    """What each topic adds to the score of each row.

    Parameters
    ----------
    topics : tuple of str
        The t topics, in the order of their first fields.
    contribution : numpy.ndarray of float64, shape (n, t)
        Log odds, summed over the fields of the topic.
    speaker : numpy.ndarray of intp, shape (n, t)
        Position of the field that speaks for the topic: the one that adds most in the direction of the sum, among
        those of which the opposite is not expected.
    believed : numpy.ndarray of bool, shape (n, t)
        Whether there is such a field; if not, the one that adds most speaks against all expectation.
    """

    topics: tuple[str, ...]
    contribution: NDArray[np.float64]
    speaker: NDArray[np.intp]
    believed: NDArray[np.bool_]


def weigh_topics(contributions: NDArray[np.float64], topics: Sequence[str], expected: NDArray[np.int8]) -> TopicWeights:
    """Add up the contributions of the fields of each topic.

    Parameters
    ----------
    contributions : numpy.ndarray of float64, shape (n, k)
        Log odds that each field adds.
    topics : sequence of str
        Topic of each of the k fields.
    expected : numpy.ndarray of int8, shape (n, k)
        1 where a value can only speak for a record, -1 where only against it, 0 elsewhere.

    Notes
    -----
    A field that takes the place of one against expectation must be worth a reason itself: half a point.
    """
    names = tuple(dict.fromkeys(topics))
    members = [np.flatnonzero(np.asarray(topics, dtype=object) == name) for name in names]
    n = len(contributions)
    sums = np.empty((n, len(names)))
    speaker = np.empty((n, len(names)), dtype=np.intp)
    believed = np.empty((n, len(names)), dtype=bool)
    line = np.arange(n)
    for place, own in enumerate(members):
        added = contributions[:, own]
        # one field after the other: the sum of a row is the same to the last bit however many rows there are
        sums[:, place] = np.add.accumulate(added, axis=1)[:, -1]
        sign = np.where(sums[:, place, None] >= 0, 1, -1)
        towards = sign * added
        allowed = np.where(expected[:, own] == -sign, -np.inf, towards)
        first, second = towards.argmax(axis=1), allowed.argmax(axis=1)
        most = allowed[line, second]
        believed[:, place] = (most == towards[line, first]) | (most >= POINT / 2)
        speaker[:, place] = own[np.where(believed[:, place], second, first)]
    return TopicWeights(topics=names, contribution=sums, speaker=speaker, believed=believed)
