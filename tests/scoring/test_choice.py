"""What is simpler is left only for what is better beyond doubt."""

from __future__ import annotations

import numpy as np

from funnelml.scoring.choice import Trial, choose, is_better
from funnelml.scoring.recipe import Recipe


def trial(*losses):
    return Trial(recipe=Recipe(), learned=(), tested=(), losses=np.array(losses), loss=float(np.mean(losses)))


def test_better_by_two_standard_errors_of_the_blocks():
    one = np.array([0.30, 0.30, 0.30, 0.30])
    # Gains 1, 2, 3, 2: mean 2, standard error 0.41. Gains 5, -3, 5, 1: mean 2, standard error 1.9.
    assert is_better(one - np.array([0.01, 0.02, 0.03, 0.02]), one)
    assert not is_better(one - np.array([0.05, -0.03, 0.05, 0.01]), one)
    assert not is_better(one, one)


def test_two_blocks_that_happen_to_agree_show_little():
    # Gains 5 and 6: 11 standard errors of their mean, where Student's t with one degree of freedom asks for 14.
    assert not is_better(np.array([0.25, 0.24]), np.array([0.30, 0.30]))
    assert is_better(np.array([0.25, 0.2499]), np.array([0.30, 0.30]))


def test_one_block_shows_nothing_beyond_doubt():
    assert not is_better(np.array([0.1]), np.array([0.9]))


def test_a_doubtful_least_loss_does_not_hide_what_is_better_beyond_doubt():
    simple = trial(0.30, 0.30, 0.30, 0.30)
    steady = trial(0.29, 0.28, 0.29, 0.28)
    erratic = trial(0.30, 0.22, 0.32, 0.29)
    assert erratic.loss < steady.loss < simple.loss
    assert choose(simple, erratic, steady) is steady
    assert choose(simple, erratic) is simple
    assert choose(simple, trial(0.27, 0.26, 0.27, 0.26), steady).loss == 0.265
