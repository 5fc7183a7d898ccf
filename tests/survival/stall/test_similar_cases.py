"""How similar cases fared, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.schema import DAY
from funnelml.survival.stall.reasons import tell_similar
from funnelml.survival.stall.similar_cases import compare_similar
from tests.logs import history_of
from tests.survival.stall.small_log import episodes_of, rows_at

LOG = [
    # Gone before age 10: not similar.
    ("early", "Lead", 0), ("early", "Proposal", 9),
    # Went on from "Lead" on day 30 and was won on day 50, both within 60 days from age 10.
    ("won", "Lead", 0), ("won", "Proposal", 30), ("won", "won", 50),
    # Went on on day 20, won on day 80: later than 60 days from age 10.
    ("late", "Lead", 0), ("late", "Proposal", 20), ("late", "won", 80),
    ("lost", "Lead", 0), ("lost", "lost", 15),
    ("sits", "Lead", 0),
    # Began too late to be followed for 60 days from age 10.
    ("young", "Lead", 50), ("young", "lost", 75),
]  # fmt: skip


def activities(*rows):
    table = pd.DataFrame(rows, columns=["record_id", "day"])
    return pd.DataFrame({"record_id": table["record_id"], "occurred_at": (table["day"] * DAY).astype("int64")})


def test_counts_by_hand():
    episodes = episodes_of(history_of(LOG), day=100)
    rows = rows_at(episodes, stage="Lead", ages=[10.4])
    # Within days 10 to 17: "won" on day 12 and "sits" on day 17. On day 10 nothing is after it yet, on day 18 too late.
    done = activities(("won", 12), ("sits", 17), ("late", 10), ("late", 18), ("early", 12))
    told = compare_similar(episodes, rows, done).iloc[0]
    assert told["similar"] == 4
    assert told["similar_went_on"] == pytest.approx(2 / 4)
    assert told["similar_won"] == pytest.approx(1 / 4) and told["similar_lost"] == pytest.approx(1 / 4)
    # "lost" was gone by day 17: it had not as long a time for an activity.
    assert (told["touched"], told["untouched"]) == (2, 1)
    assert told["touched_went_on"] == pytest.approx(1 / 2) and told["untouched_went_on"] == pytest.approx(1.0)
    english, chinese = tell_similar(told), tell_similar(told, "zh")
    assert "Of 4 past stays" in english and "association, not an effect" in english
    assert "4 条" in chinese and "不代表因果" in chinese
    assert [english.count(f"{n}\xa0%") for n in (50, 25, 100)] == [chinese.count(f"{n}\xa0%") for n in (50, 25, 100)]


def test_without_activities_nothing_is_told_of_them():
    episodes = episodes_of(history_of(LOG), day=100)
    rows = rows_at(episodes, stage="Lead", ages=[10.0])
    for none in (None, activities()):
        told = compare_similar(episodes, rows, none).iloc[0]
        assert (told["similar"], told["touched"], told["untouched"]) == (4, 0, 0)
        assert "activity" not in tell_similar(told)


def test_where_nothing_is_similar():
    episodes = episodes_of(history_of(LOG), day=100)
    told = compare_similar(episodes, rows_at(episodes, stage="Closing", ages=[10.0]), None).iloc[0]
    assert told["similar"] == 0 and np.isnan(told["similar_won"])
    assert tell_similar(told).startswith("No past stay") and tell_similar(told, "zh").startswith("没有停留")


def test_in_a_log_of_days_the_very_day_counts():
    # Running for 10 days as known at the end of the day: longer than 9 days and not yet 10.
    history = history_of(LOG, grain="day")
    episodes = episodes_of(history, day=100)
    rows = rows_at(episodes, stage="Lead", ages=[9 - 1 / DAY, 9.0])
    assert list(compare_similar(episodes, rows, None)["similar"]) == [5, 4]
