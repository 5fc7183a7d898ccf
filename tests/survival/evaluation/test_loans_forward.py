"""Real loan applications: outcomes of open records, counted in pandas over the raw log."""

from __future__ import annotations

import shutil
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.history.episodes import stage_episodes
from funnelml.runs.workspace import load_workspace
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.forward import predict_forward
from funnelml.survival.landmark_stays import landmark_stays

pytestmark = pytest.mark.realdata
SETTINGS = Path(__file__).parents[2] / "workspaces" / "loans.toml"
STAGES = ["A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED"]
WON = ["A_APPROVED", "A_REGISTERED", "A_ACTIVATED"]


@pytest.fixture(scope="module")
def loans(real_data, tmp_path_factory):
    root = tmp_path_factory.mktemp("loans")
    shutil.copyfile(SETTINGS, root / "funnelml.toml")
    (root / "raw").symlink_to(real_data, target_is_directory=True)
    return load_workspace(root).history


def count_plainly(real_data, day, window):
    """Return the open records at the end of a day, and how many left their stage by winning, losing or going on."""
    log = pd.read_csv(real_data / "loan_applications_2012_A.csv.gz")
    log["at"] = pd.to_datetime(log["time:timestamp"], format="ISO8601", utc=True)
    cut = pd.Timestamp(day, tz="Europe/Amsterdam") + pd.Timedelta(days=1)
    past = log[log["at"] < cut].groupby("case:concept:name")["concept:name"].agg(set)
    waiting = past[past.map(lambda names: names <= set(STAGES))].index
    soon = log[(log["at"] >= cut) & (log["at"] < cut + pd.Timedelta(days=window))]
    first = soon[soon["case:concept:name"].isin(waiting)].sort_values("at").drop_duplicates("case:concept:name")
    name = first["concept:name"]
    won, advanced = name.isin(WON).sum(), name.isin(STAGES).sum()
    return len(waiting), advanced, won, len(name) - won - advanced


def test_outcomes_are_those_of_the_raw_log(loans, real_data):
    day = date(2011, 12, 4)
    told = predict_forward(
        loans,
        lambda history, as_of: partial(landmark_stays, stage_episodes(history, as_of=as_of)),
        [day],
        times=np.arange(29.0),
        known_until=date(2012, 1, 15),
    )
    came = told.came_about()[:, :, -1].sum(axis=0)
    assert (len(told), *came[:3].astype(int)) == count_plainly(real_data, day, 28)
    assert came[3] == 0 and (told.weights() == 1).all()
    figures = evaluate_incidence(told, at_days=[28])
    # Every cause is told better than by one share for all.
    integrated = figures.figures.query(
        "measure == 'integrated_brier' and cause in ['together', 'advanced', 'won', 'lost']"
    )
    assert (integrated["value"] < 0.95 * integrated["reference"]).all()
