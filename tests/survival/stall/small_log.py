"""Small logs for tests of stall verdicts, and a simulated CRM with records that fall asleep."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pandas as pd

from funnelml.history.episodes import stage_episodes
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.judge import judge_stalls
from funnelml.survival.stay_rows import StayRows
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm
from tests.logs import EPOCH


def on(day):
    """The date of a day of the small logs."""
    return EPOCH + timedelta(days=day)


def episodes_of(history, *, day):
    """All stays as known at the end of a day."""
    return stage_episodes(history, as_of=on(day))


def rows_at(episodes, *, stage, ages):
    """Running stays of one stage at the given ages, as of the day of the episodes."""
    ages = np.asarray(ages, float)
    n = len(ages)
    return StayRows(
        stages=episodes.funnel.stages,
        grain=episodes.grain,
        time_zone=episodes.time_zone,
        record_id=np.array([f"open {k}" for k in range(n)], dtype=object),
        stage=np.full(n, stage, dtype=object),
        at=np.full(n, episodes.cut, dtype=np.int64),
        entered_at=np.zeros(n, dtype=np.int64),
        age=ages,
        covariates=pd.DataFrame({"visit": np.ones(n)}),
    )


@cache
def sleepy_crm(language="en", never=0.1):
    """A CRM of 240 days in which some of the stays in each stage never end."""
    world = SyntheticWorld(
        days=240, future_days=30, language=language, arrivals=Arrivals(per_day=8.0, yearly_growth=0.0)
    )
    world = replace(world, laws=tuple(replace(law, never=never) for law in world.laws))
    return world, simulate_crm(world, seed=4).history


@cache
def judged(language="en", ratios="none", win_days=60.0):
    """Verdicts on the open records of the last day of that CRM, with the rows and the model."""
    world, history = sleepy_crm(language)
    rows = open_stays(history, as_of=world.as_of)
    model = StageModel(ratios=ratios).fit(learn_stays(history, as_of=world.as_of))
    verdicts = judge_stalls(model, rows, history=history, as_of=world.as_of, win_days=win_days, currency="EUR")
    return verdicts, rows, model
