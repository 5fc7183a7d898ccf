"""The interval of a score holds the share that converts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from funnelml.scoring.uncertainty import learn_spread


def scores(n, rng, slope=1.0, shift=0.0):
    odds = rng.normal(-1, 1.2, n)
    label = (rng.random(n) < expit(shift + slope * odds)).astype(float)
    return pd.DataFrame({"record_id": np.arange(n), "label": label, "probability": expit(odds)})


def test_it_covers_the_true_share_eight_times_in_ten():
    # Calibrated scores; 120 worlds. The score is always inside, so coverage may exceed 80 %, never fall short.
    rng = np.random.default_rng(0)
    asked = np.array([0.1, 0.3, 0.6])
    slope, shift = 0.9, 0.1
    held = []
    for _ in range(120):
        # a model that is a little off: the share that converts is not the score
        spread = learn_spread(scores(1_500, rng, slope, shift))
        low, high = spread.interval(asked)
        truth = expit(shift + slope * logit(asked))
        held.append((low <= truth) & (truth <= high))
    assert (np.mean(held, axis=0) > 0.75).all()


def test_misses_of_the_lowest_scores_do_not_widen_the_others():
    # The lowest chances are promised many times too high, as models do that were held back; the others hardly.
    rng = np.random.default_rng(4)
    asked = np.array([0.002, 0.02, 0.5])
    truth = np.sin(np.maximum(np.arcsin(np.sqrt(asked)) - 0.02, 0)) ** 2
    held, widths = [], []
    for _ in range(60):
        probability = expit(rng.normal(-3, 2.5, 6_000))
        chance = np.sin(np.maximum(np.arcsin(np.sqrt(probability)) - 0.02, 0)) ** 2
        label = (rng.random(6_000) < chance).astype(float)
        table = pd.DataFrame({"record_id": np.arange(6_000), "label": label, "probability": probability})
        low, high = learn_spread(table).interval(asked)
        held.append((low <= truth) & (truth <= high))
        widths.append(high - low)
    assert (np.mean(held, axis=0) > 0.75).all()
    assert np.mean(widths, axis=0)[0] < 0.01 and np.mean(widths, axis=0)[2] < 0.1


def test_fewer_records_make_it_wider_and_the_score_is_inside():
    rng = np.random.default_rng(1)
    asked = np.linspace(0.01, 0.99, 25)
    widths = []
    for n in (300, 3_000, 30_000):
        low, high = learn_spread(scores(n, rng)).interval(asked)
        assert (low <= asked).all() and (asked <= high).all()
        widths.append((high - low).mean())
    assert widths[0] > 1.5 * widths[1] > 1.5**2 * widths[2]


def test_rows_of_a_record_stay_together():
    one = scores(400, np.random.default_rng(2))
    repeated = pd.concat([one] * 5, ignore_index=True)
    width = [np.subtract(*learn_spread(s).interval(np.array([0.3]))[::-1])[0] for s in (one, repeated)]
    assert abs(width[1] / width[0] - 1) < 0.15


def test_scores_that_are_all_alike_have_an_interval():
    table = scores(500, np.random.default_rng(3)).assign(probability=0.3)
    low, high = learn_spread(table).interval(np.array([0.3]))
    assert 0 < low[0] <= 0.3 <= high[0] < 1
