"""Pieces of stays: all events, and all that the baseline expects, fall into the bands in which they are foretold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from funnelml.schema import DAY
from funnelml.survival import hazards
from funnelml.survival.ratios.pieces import BANDS, cut_pieces, log_likelihood
from funnelml.survival.stage_model import StageModel
from funnelml.survival.steps_ahead import lay_steps
from tests.survival.small_stays import cyclic_stays, rows_of


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_the_baseline_expects_as_many_events_as_happened(grain, monkeypatch):
    monkeypatch.setattr(hazards, "PRIOR_STAYS", 1e-12)
    rows = cyclic_stays(400, 2, grain=grain)
    model = StageModel(ratios="none").fit(rows)
    pieces = cut_pieces(rows, model.hazards_)
    np.testing.assert_allclose(pieces.expected.sum(axis=0), pieces.happened.sum(axis=0), rtol=1e-9, atol=1e-9)
    assert pieces.happened.sum() == (rows.event > 0).sum()
    assert np.bincount(pieces.row, pieces.happened.sum(axis=1)).max() == 1
    for stage in range(3):
        own = rows.place[pieces.row] == stage
        np.testing.assert_allclose(
            pieces.expected[own].sum(axis=0), pieces.happened[own].sum(axis=0), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("grain", ["instant", "day"])
@pytest.mark.parametrize("age", [-1.0, 4.0])
def test_an_event_is_learned_in_the_band_in_which_it_is_foretold(grain, age):
    """Day after day: the band of the piece of an end is the band of the step in which that end falls."""
    last = age - 1 / DAY if grain == "day" and age > 0 else age
    waits = np.arange(60.0) if grain == "day" else np.arange(60.0) + 0.5
    rows = rows_of(["Lead"] * 60, max(age, 0.0) + waits, [1] * 60, grain=grain)
    rows = replace(rows, age=np.full(60, last))
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows_of(["Lead"], [90.0], [1])).hazards_)
    ends = pieces.happened[:, 0] > 0
    learned = pieces.band[ends][np.argsort(pieces.row[ends])]
    steps = lay_steps(np.array([61.0]), grain=grain)
    edges = np.append(steps.edges[0], steps.edges[1:])
    foretold = steps.band[np.searchsorted(edges, waits, side="left") - 1]
    np.testing.assert_array_equal(learned, foretold)


def test_a_stay_has_a_piece_in_each_band_it_reaches():
    rows = rows_of(["Lead", "Lead"], [8.0, 0.5], [0, 1])
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    assert pieces.band[pieces.row == 0].tolist() == [0, 1, 2, 3]
    assert pieces.band[pieces.row == 1].tolist() == [0]
    assert BANDS[4] > 8.0


def test_the_likelihood_is_highest_at_the_ratio_that_was():
    rows = cyclic_stays(300, 5)
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    best = pieces.happened.sum(axis=0) / pieces.expected.sum(axis=0)
    told = [log_likelihood(pieces, np.tile(best * f, (len(pieces), 1))).sum() for f in (0.8, 1.0, 1.25)]
    assert told[1] > max(told[0], told[2])
