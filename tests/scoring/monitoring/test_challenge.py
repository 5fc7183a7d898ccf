"""Champion against challenger: every decision, on rows of known truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from funnelml.errors import ModelInputError
from funnelml.scoring.monitoring.challenge import challenge


def drawn(n: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """True chances, and what became of each row."""
    rng = np.random.default_rng(10)
    truth = rng.beta(1, 3, n)
    return truth, (rng.random(n) < truth).astype(float)


TRUTH, LABEL = drawn()
FLAT = np.full(len(LABEL), LABEL.mean())
SAME = np.clip(TRUTH + 1e-6, 0, 1)


@pytest.mark.parametrize(
    ("champion", "challenger", "age", "decision", "reason"),
    [
        (FLAT, TRUTH, None, "replace", "better"),
        (TRUTH, FLAT, 1_000, "keep", "worse"),
        (TRUTH, SAME, None, "keep", "not_shown"),
        (TRUTH, SAME, 179, "keep", "not_shown"),
        (TRUTH, SAME, 180, "replace", "fresh"),
    ],
)
def test_decisions(champion, challenger, age, decision, reason):
    result = challenge(champion, challenger, LABEL, champion_age_days=age)
    assert (result.decision, result.reason) == (decision, reason)
    words = {"replace": ("Replace the champion", "建议替换现用模型"), "keep": ("Keep the champion", "建议保留现用模型")}
    assert result.summary().startswith(words[decision][0]) and result.summary("zh").startswith(words[decision][1])


def test_the_figures_are_those_of_scikit_learn():
    result = challenge(FLAT, TRUTH, LABEL)
    row = result.to_frame().set_index("metric").loc["log_loss"]
    assert row["challenger"] == pytest.approx(log_loss(LABEL, TRUTH))
    assert row["champion"] == pytest.approx(log_loss(LABEL, FLAT))
    assert row["advantage"] == pytest.approx(row["champion"] - row["challenger"])
    assert result.tolerance == pytest.approx(0.01 * row["champion"])


def test_too_few_of_an_outcome_decide_nothing():
    few = np.arange(len(LABEL)) < 100
    ones = int(LABEL[few].sum())
    assert ones < 40
    result = challenge(FLAT[few], TRUTH[few], LABEL[few], champion_age_days=999)
    assert (result.decision, result.reason, result.rarer) == ("keep", "too_few", ones)
    assert "too few to decide; 40 would do" in result.summary() and "至少需 40 条" in result.summary("zh")


def test_many_rows_of_few_records_decide_less():
    rng = np.random.default_rng(11)
    slightly = np.clip(TRUTH + rng.normal(0, 0.06, len(TRUTH)), 0.01, 0.99)[:400]
    times, label = 10, LABEL[:400]
    often = [np.repeat(values, times) for values in (slightly, TRUTH[:400], label)]
    by_row = challenge(*often).comparison.advantage("log_loss")
    by_record = challenge(*often, record_id=np.repeat(np.arange(400), times)).comparison.advantage("log_loss")
    assert by_record.high - by_record.low > 2 * (by_row.high - by_row.low)


def test_an_age_that_is_none():
    with pytest.raises(ModelInputError, match="champion_age_days is -3"):
        challenge(FLAT, TRUTH, LABEL, champion_age_days=-3)
