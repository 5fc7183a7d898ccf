"""From rows to a score: what is counted by a field filled with its end goes, and a dated table is judged in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.schema import DAY
from funnelml.scoring.learn import learn_score
from funnelml.scoring.plain_rows import plain_rows
from funnelml.scoring.rows import ScoringRows

N = 640
"""Rows with outcomes too few for a search of the recipe, which takes seconds."""


@pytest.fixture(scope="module")
def late():
    """Deals of which every won one has an account in the end and of the lost two in three; nothing else tells."""
    rng = np.random.default_rng(2)
    label = (rng.random(N) < 0.3).astype(float)
    named = rng.random(N) < np.where(label == 1, 1.0, 0.65)
    features = pd.DataFrame(
        {
            "amount": rng.gamma(2, 100, N),
            "account": np.where(named, rng.choice(["A", "B", "C"], N), None).astype(object),
            "account_open": np.where(named, rng.poisson(4, N), np.nan),
            "account_win_lift": np.where(named, rng.normal(0, 0.05, N), np.nan),
        }
    )
    at = np.sort(rng.integers(0, 300, N)) * DAY
    ids = np.array([f"d{k}" for k in rng.permutation(N)], dtype=object)
    return ScoringRows(
        features=features, record_id=ids, label=label, at=at, known_at=at + 20 * DAY, assumed=("account",)
    )


def test_what_is_counted_by_a_field_filled_with_its_end_is_no_feature(late):
    told = learn_score(late)
    assert told.leaks.left_out == () and told.leaks.to_look_at == ("account",)
    assert list(told.rows.features) == ["amount"]
    assert told.set_aside["account_open"].en == "it is counted by account, whose filling goes with the outcome"
    assert told.verdict.verdict == "no usable signal"


def test_it_stays_where_the_field_is_kept_or_only_without_history(late):
    kept = learn_score(late, keep=["account"])
    assert {"account_open", "account_win_lift"} <= set(kept.rows.features)
    assert kept.evaluation.main.scores.estimate("auc").value > 0.6
    there = late.features.assign(account=late.features["account"].fillna("D"))
    honest = learn_score(replace(late, features=there))
    assert honest.leaks.to_look_at == ("account",) and honest.leaks.filled_knowingly == ()
    assert {"account_open", "account_win_lift"} <= set(honest.rows.features)


def table(n=600):
    """Leads of 300 days, with a rate that falls and one feature that tells."""
    rng = np.random.default_rng(3)
    day = np.sort(rng.integers(0, 300, n))
    visits = rng.poisson(3, n)
    won = rng.random(n) < 1 / (1 + np.exp(2.5 - 0.7 * visits + day / 300))
    seen = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
    closed = seen + pd.to_timedelta(rng.integers(0, 60, n), unit="D")
    columns = {"visits": visits, "account": rng.choice(["X", "Y"], n), "seen": seen, "closed": closed}
    return pd.DataFrame(columns | {"won": won})


def test_a_plain_table_with_dates_is_judged_on_its_newest_rows():
    dated = table()
    told = learn_score(plain_rows(dated, label="won", at="seen", known_at="closed"))
    assert told.evaluation.main.in_time and told.evaluation.main.embargoed > 0
    assert list(told.rows.features) == ["visits", "account"]
    assert "known_at" not in told.summary()
    # Counted in pandas: what was closed before the first judged day.
    first = pd.to_datetime(told.evaluation.main.test_from, unit="us")
    assert told.evaluation.main.train_rows == int((dated["closed"] < first).sum())


def test_where_it_is_not_told_when_outcomes_were_known_the_summary_says_so():
    told = learn_score(plain_rows(table(), label="won", at="seen"))
    assert told.evaluation.main.in_time and told.evaluation.main.embargoed == 0
    assert "When each outcome became known is not told: it is taken as known right after the last row" in told.summary()
    assert "未说明各结果何时得知" in told.summary("zh") and "known_at" in told.summary("zh")
    assert "known_at" not in learn_score(plain_rows(table().drop(columns="closed"), label="won")).summary()


def test_nothing_left_to_learn_from_is_said(late):
    with pytest.raises(ModelInputError, match=r"no field is left to learn from; left out as told .*: amount$"):
        learn_score(late, leave_out=["amount"])
