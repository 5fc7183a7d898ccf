"""Log-linear ratios: known effects recovered, spread of the draws, and none where there is nothing to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from funnelml.survival.ratios.linear import LEAST_EVENTS, design_columns, fit_linear
from funnelml.survival.ratios.pieces import cut_pieces
from funnelml.survival.stage_model import StageModel
from tests.survival.small_stays import cyclic_stays, rows_of


@pytest.fixture(scope="module")
def learned():
    rows = cyclic_stays(4_000, 8)
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    return rows, pieces, fit_linear(rows, pieces, np.ones(len(rows)))


def effect(ratios, cause, column):
    frame = ratios.to_frame().set_index(["outcome", "column"])
    return frame.loc[(cause, column), "log_ratio"], frame.loc[(cause, column), "std_err"]


def test_known_effects_are_recovered(learned):
    """Hazards move by exp(0.5 x) and exp(-0.5 x) per standard deviation of x, the log of the amount, and by source.

    The amount is skewed and so read as log(1 + amount), which follows x at a slope below 1; and a quarter of the
    stays is 40 times as fast, which the baseline takes for a hazard that falls: effects come out a little smaller.
    """
    _, _, ratios = learned
    for cause, amount, old in (("advanced", 0.5, 0.3), ("lost", -0.5, -0.3), ("moved_back", 0.0, 0.0)):
        told, _ = effect(ratios, cause, "amount")
        apart = effect(ratios, cause, "source=old")[0] - effect(ratios, cause, "source=新客户")[0]
        assert abs(told - amount) < 0.17, (cause, told)
        assert abs(apart - old) < 0.17, (cause, apart)
    assert effect(ratios, "advanced", "amount")[0] > 0.33
    assert effect(ratios, "lost", "amount")[0] < -0.33
    assert abs(effect(ratios, "advanced", "activities_7d")[0]) < 0.08


def test_weights_of_two_are_two_copies(learned):
    rows, pieces, _ = learned
    few = rows.take(np.arange(500))
    pieces = cut_pieces(few, StageModel(ratios="none").fit(few).hazards_)
    twice = replace(
        pieces, **{n: np.repeat(getattr(pieces, n), 2, axis=0) for n in ("row", "band", "expected", "happened")}
    )
    one, two = fit_linear(few, pieces, np.full(500, 2.0)), fit_linear(few, twice, np.ones(500))
    np.testing.assert_allclose(one.effects, two.effects, atol=1e-4)
    np.testing.assert_allclose(one.curvature, two.curvature, rtol=1e-3, atol=1e-2)


def test_a_cause_with_few_events_keeps_the_baseline_in_draws_too():
    rows = cyclic_stays(300, 3)
    won = np.flatnonzero(rows.event == 2)
    rows = replace(rows, event=np.where(np.isin(np.arange(300), won[LEAST_EVENTS - 1 :]), 0, rows.event))
    ratios = fit_linear(rows, cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_), np.ones(300))
    for drawn in (ratios, ratios.redraw(np.random.default_rng(1))):
        told = drawn.ratios(rows, np.arange(300), np.zeros(300, dtype=np.int64))
        assert (told[:, 1] == 1.0).all()
        assert told[:, 0].std() > 0.05


def test_draws_spread_as_the_curvature_says_and_keep_the_level(learned):
    rows, pieces, ratios = learned
    generator = np.random.default_rng(2)
    drawn = [ratios.redraw(generator) for _ in range(200)]
    spread = np.std([d.effects[0] for d in drawn], axis=0)
    expected = ratios.to_frame().query("outcome == 'advanced'")["std_err"].to_numpy()
    np.testing.assert_allclose(spread, expected, rtol=0.25)
    x = design_columns(ratios.design, rows, pieces.row, pieces.band)
    foreseen = [(pieces.expected[:, 0] * d.ratios_at(x)[:, 0]).sum() for d in [ratios, *drawn[:50]]]
    # What is expected of all together is the baseline's to vary: draws of effects hardly move it.
    assert np.std(foreseen[1:]) < 0.01 * foreseen[0]
    assert foreseen[0] == pytest.approx(pieces.happened[:, 0].sum(), rel=0.01)


def test_what_was_never_seen_is_not_drawn(learned):
    """Rows seen at their entry only: no effect of running stays, and no spread from one."""
    _, _, ratios = learned
    running = [number for number, name in enumerate(ratios.columns) if name.startswith(("running", "log "))]
    assert not ratios.effects[:, running].any()
    assert np.abs(ratios.redraw(np.random.default_rng(3)).effects[:, running]).max() < 1e-3


def test_columns_pass_with_the_days_ahead_only_where_they_move(learned):
    rows, _, ratios = learned
    first = np.zeros(1, dtype=np.int64)
    now, later = (design_columns(ratios.design, rows, first, np.array([band])) for band in (0, 7))
    changed = {name for name, a, b in zip(ratios.columns, now[0], later[0], strict=True) if a != b}
    assert changed == {"activities_7d, passing"}


def test_summary_says_the_same_in_both_languages(learned):
    _, _, ratios = learned
    count = str(ratios.effects.shape[1])
    assert count in ratios.summary()
    assert count in ratios.summary("zh")
    assert len(ratios.to_frame()) == 4 * ratios.effects.shape[1]


def test_without_covariates_that_vary_the_ratios_are_one():
    rows = rows_of(["Lead"] * 60, np.linspace(1, 30, 60), [1, 3] * 30)
    model = StageModel(ratios="linear").fit(rows)
    told = model.ratios_.ratios(rows, np.arange(60), np.zeros(60, dtype=np.int64))
    np.testing.assert_allclose(told, 1.0, atol=0.15)
