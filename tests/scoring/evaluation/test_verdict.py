"""Each of the five verdicts, on scores of which the truth is known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.special import expit, logit

from funnelml.scoring.evaluation.class_counts import ClassCounts
from funnelml.scoring.evaluation.comparison import compare_scores
from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES, judge_scores

MANY = ClassCounts(positives=900, negatives=3_000)


def world(n=4_000, seed=1, strength=1.0):
    rng = np.random.default_rng(seed)
    p = expit(-1.5 + strength * rng.normal(size=n))
    return (rng.random(n) < p).astype(float), p


def judge(y, p, *, base=None, training=MANY, leaks=()):
    told = evaluate_scores(y, p, resamples=200)
    against = compare_scores(y, p, np.full(len(y), y.mean() if base is None else base), resamples=200)
    return judge_scores(told, against, training=training, leaks=leaks)


def test_a_calibrated_score_is_published():
    told = judge(*world())
    assert told.verdict == "publish"
    assert re.search(
        r"AUC 0\.7\d\d \(0\.\d+ to 0\.\d+\); log loss 0\.\d+ against 0\.\d+ of the base rate", told.reason()
    )
    assert "校准误差" in told.reason("zh")


def test_few_outcomes_make_it_provisional():
    told = judge(*world(), training=ClassCounts(positives=120, negatives=3_000))
    assert told.verdict == "provisional"
    assert told.reason().startswith("learned from 120 records of the rarer outcome, 200 would be enough; AUC")
    y, p = world(n=120, seed=3, strength=1.5)
    assert y.sum() < 40
    told = judge(y, p)
    assert told.verdict == "provisional" and f"judged on {y.sum():.0f} rows" in told.reason()


def test_probabilities_that_are_too_extreme_only_rank():
    y, p = world()
    told = judge(y, expit(2 * logit(p) + 1.5))
    assert told.verdict == "ranks only"
    assert "lies outside of 0.8 to 1.25: the probabilities are too extreme" in told.reason()
    assert "概率过于极端" in told.reason("zh")


def test_probabilities_that_are_too_timid_only_rank():
    y, p = world(n=20_000)
    told = judge(y, expit(0.5 * (logit(p) + 1.5) - 1.5))
    assert told.verdict == "ranks only" and "too timid" in told.reason()


def test_a_base_rate_that_moved_leaves_the_order():
    # Half of what was promised comes about: the log loss is worse than a constant's, the order still tells.
    y, p = world()
    told = judge(y, expit(logit(p) + 1.5))
    assert told.verdict == "ranks only"
    assert "points tolerated above that" in told.reason()
    assert "is not lower than" in told.reason() and "不低于" in told.reason("zh")


def test_a_small_miscalibration_is_tolerated():
    y, p = world(n=60_000)
    told = evaluate_scores(y, p * 0.95, resamples=50)
    assert told.calibration.beyond_chance
    assert judge(y, p * 0.95).verdict == "publish"


def test_noise_is_no_usable_signal():
    y, p = world()
    told = judge(y, np.random.default_rng(2).permutation(p))
    assert told.verdict == "no usable signal"
    assert "is not shown to be above 0.5" in told.reason() and "未能证明高于 0.5" in told.reason("zh")


def test_a_weak_score_is_no_usable_signal():
    told = judge(*world(n=20_000, strength=0.2))
    assert told.verdict == "no usable signal"
    assert told.reason().endswith("is under 0.60")


def test_an_order_turned_round_is_named():
    y, p = world()
    told = judge(y, expit(-3 - logit(p)))
    assert told.verdict == "no usable signal" and "under 0.5: the order turned round" in told.reason()


def test_a_log_loss_no_better_than_the_base_rate_is_no_usable_signal():
    y, p = world(n=600, strength=0.6)
    told_by_chance = judge(y, np.clip(p, 0, 1), base=y.mean())
    assert told_by_chance.verdict in ("publish", "provisional")
    # Against a constant that could not be better than the score itself.
    against_itself = compare_scores(y, p, p, resamples=50)
    told = judge_scores(evaluate_scores(y, p, resamples=50), against_itself, training=MANY)
    assert told.verdict == "no usable signal" and "is not lower than" in told.reason()


def test_too_good_is_suspected():
    told = judge(*world(strength=12))
    assert told.verdict == "suspected leak"
    assert "is above 0.95: sales are hardly ever so predictable" in told.reason()


def test_a_field_of_the_leak_report_is_suspected_whatever_the_figures():
    told = judge(*world(), leaks=("Tags", "成交说明"))
    assert told.verdict == "suspected leak"
    assert told.reason() == "the leak report says to leave out Tags, 成交说明"
    assert told.reason("zh") == "泄漏报告建议剔除 Tags、成交说明"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_summary_names_the_verdict_and_its_reasons(language):
    told = judge(*world(n=800))
    name = VERDICT_NAMES[told.verdict][language == "zh"]
    assert told.summary(language).lower().startswith(name) and told.reason(language) in told.summary(language)
    assert told.to_frame(language)["reason"].tolist() == [words[language == "zh"] for words in told.reasons]


def test_both_languages_say_the_same_figures():
    y, p = world()
    for told in (judge(y, p), judge(y, expit(2 * logit(p) + 1.5)), judge(*world(strength=12)), judge(*world(seed=4))):
        figures = [sorted(re.findall(r"\d+(?:\.\d+)?", told.reason(language))) for language in ("en", "zh")]
        assert figures[0] == figures[1]
