"""Lead scoring on four real tables, each beside what anyone would fit first.

No model is fitted to rows that it is tested on. The kinds of model and their defaults were chosen while figures on the
leads, the late calls and the November loans were in view, though: these show that the scorer works, not what it gains
on other data. On slices that nobody had looked at it is level with the better of the two plain models.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from funnelml.history.landmarks import age_landmarks
from funnelml.runs.workspace import load_workspace
from funnelml.scoring.evaluation.comparison import compare_scores
from funnelml.scoring.evaluation.evaluate_model import evaluate_model
from funnelml.scoring.leaks.find import find_leaks
from funnelml.scoring.learn import learn_score
from funnelml.scoring.plain_rows import plain_rows
from funnelml.scoring.recipe import Part, Recipe
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.seasons import leave_out_seasons
from funnelml.scoring.training_rows import training_rows

pytestmark = pytest.mark.realdata
SETTINGS = Path(__file__).parent / "workspaces"

LATE = {"Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"} | {
    f"Asymmetrique {what}" for what in ("Activity Index", "Profile Index", "Activity Score", "Profile Score")
}


def fit_boosting(features, label):
    """Default boosting, texts as categories."""
    texts = [c for c in features if features[c].dtype == object]
    kinds = {c: pd.CategoricalDtype(sorted(features[c].dropna().unique())) for c in texts}
    model = HistGradientBoostingClassifier(random_state=0, categorical_features="from_dtype")
    model.fit(features.astype(kinds), label)
    return lambda asked: model.predict_proba(asked.astype(kinds))[:, 1]


def fit_logistic(features, label):
    """Plain logistic regression: texts one-hot, numbers standardised, unknown numbers at their mean."""
    texts = [c for c in features if features[c].dtype == object]
    numbers = [c for c in features if c not in texts]
    ready = make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="NA", missing_values=None),
                OneHotEncoder(handle_unknown="ignore"),
            ),
            texts,
        ),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
    model = make_pipeline(ready, LogisticRegression(max_iter=2000)).fit(features, label)
    return lambda asked: model.predict_proba(asked)[:, 1]


def load(name, real_data, tmp_path_factory):
    root = tmp_path_factory.mktemp(name)
    shutil.copyfile(SETTINGS / f"{name}.toml", root / "funnelml.toml")
    (root / "raw").symlink_to(real_data, target_is_directory=True)
    return load_workspace(root).history


def fit_in_time(scorer, rows):
    return scorer.fit(rows.features, rows.label, at=rows.at, known_at=rows.known_at, groups=rows.record_id)


@pytest.fixture(scope="module")
def leads(real_data):
    return plain_rows(pd.read_csv(real_data / "x_education_leads.csv"), label="Converted", record_id="Prospect ID")


def test_columns_filled_late_are_found_untold(leads):
    assert set(find_leaks(leads).left_out) == LATE
    assert set(find_leaks(leads.take(np.random.default_rng(0).random(len(leads)) >= 0.3)).left_out) == LATE


@pytest.mark.parametrize("seed", [0, 1])
def test_leads_are_scored_better_than_by_default_models(leads, seed):
    test = np.random.default_rng(seed).random(len(leads)) < 0.3
    rows = leads.without(*LATE)
    old, new = rows.take(~test), rows.take(test)
    boosting = fit_boosting(old.features, old.label)(new.features)
    logistic = fit_logistic(old.features, old.label)(new.features)
    ours = LeadScorer().fit(old.features, old.label).predict_proba(new.features)[:, 1]
    if seed == 0:
        measures = (roc_auc_score, brier_score_loss, log_loss)
        # Fitted apart from this package, on the table as pandas reads it.
        assert [m(new.label, boosting) for m in measures] == pytest.approx([0.878, 0.1355, 0.4236], abs=2e-3)
        assert [m(new.label, logistic) for m in measures] == pytest.approx([0.868, 0.1414, 0.4403], abs=2e-3)
    for other in (boosting, logistic):
        gain = compare_scores(new.label, ours, other, record_id=new.record_id)
        assert gain.advantage("log_loss").low > 0
        assert gain.metrics.loc["auc", "advantage"] > 0 and gain.metrics.loc["brier", "advantage"] > 0


@pytest.fixture(scope="module")
def calls(real_data):
    table = pd.read_csv(real_data / "bank_marketing.csv.gz", sep=";").drop(columns="duration")
    rows = plain_rows(table, label="y")
    order = np.arange(len(rows), dtype=np.int64)
    return replace(rows, at=order, known_at=order + 1)


def test_a_random_split_promises_what_time_does_not_keep(calls):
    border = int(0.7 * len(calls))
    rates = calls.label[:border].mean(), calls.label[border:].mean()
    assert rates == pytest.approx([0.056, 0.246], abs=1e-3)
    only = Recipe(parts=(Part(kind="scorecard"),))
    told = evaluate_model(lambda: LeadScorer(recipe=only), calls, fit=fit_in_time, test_share=0.3, resamples=100)
    assert told.random.scores.estimate("auc").value > 0.77
    assert told.time.scores.estimate("auc").value < 0.70
    assert told.random.verdict.verdict == "publish"
    assert told.time.verdict.verdict in ("ranks only", "no usable signal")


def test_the_last_calls_refitted_before_each_block(calls):
    """The last two of thirteen blocks; log loss of ours, logistic and boosting: 0.642, 0.810, 0.661.

    Over all thirteen it is 0.471, 0.513 and 0.501; drawn by whole blocks the advantage over boosting is within chance
    (-0.004 to 0.074). On the calls from 30 % to 70 % it is 0.261, 0.303 and 0.261, and 0.257 for who says the rate of
    the last thousand calls: there is little to be learned there.
    """
    label, said = [], {"ours": [], "logistic": [], "boosting": []}
    borders = [*range(int(0.7 * len(calls)), len(calls), 1000), len(calls)][-3:]
    for begin, end in pairwise(borders):
        old, new = calls.take(np.arange(begin)), calls.take(np.arange(begin, end))
        label.append(new.label)
        scorer = LeadScorer().fit(old.features, old.label, at=old.at)
        said["ours"].append(scorer.predict_proba(new.features)[:, 1])
        said["logistic"].append(fit_logistic(old.features, old.label)(new.features))
        said["boosting"].append(fit_boosting(old.features, old.label)(new.features))
    loss = {name: log_loss(np.concatenate(label), np.concatenate(parts)) for name, parts in said.items()}
    assert loss["ours"] < 0.68 and loss["ours"] < min(loss["logistic"], loss["boosting"]) + 0.01


@pytest.fixture(scope="module")
def loans(real_data, tmp_path_factory):
    return load("loans", real_data, tmp_path_factory)


def rows_at_ages(history, ages, *, started_from=None, started_to, as_of):
    marks = age_landmarks(history, ages_days=ages, as_of=as_of, started_from=started_from, started_to=started_to)
    rows = training_rows(history, as_of=as_of, horizon_days=28, landmarks=marks, trusted=("amount",))
    return rows, np.rint(rows.features["age_days"].to_numpy())


def test_loans_at_three_ages(loans):
    """One scorer of all ages, from the starts of October, on those of November, beside two models of each age alone.

    Log loss here 0.574 / 0.581 / 0.510 after 1, 7 and 14 days; logistic 0.577 / 0.610 / 0.565, boosting 0.632 / 0.654 /
    0.583. After one day little has happened, and the logistic model is not shown to be worse.
    """
    october, age = rows_at_ages(loans, (1, 3, 7, 14, 21), started_to=date(2011, 10, 31), as_of=date(2011, 12, 31))
    november, then = rows_at_ages(
        loans, (1, 7, 14), started_from=date(2011, 11, 1), started_to=date(2011, 11, 30), as_of=date(2012, 1, 15)
    )
    # Counted in pandas over the raw log: still open at that age, and won within 28 days after it.
    counted = [(int((then == a).sum()), int(november.label[then == a].sum())) for a in (1, 7, 14)]
    assert counted == [(1250, 404), (1063, 407), (650, 213)]
    used = leave_out_seasons(october)
    scorer = fit_in_time(LeadScorer(), used)
    ours = scorer.predict_proba(november.features[list(used.features)])[:, 1]
    plain = ["stage", "amount", "moves", "activities_total", "created_hour", "created_weekday"]
    others = {fit_logistic: np.zeros(len(november)), fit_boosting: np.zeros(len(november))}
    for a in (1, 7, 14):
        old, new = october.take(age == a), then == a
        for fit, chance in others.items():
            chance[new] = fit(old.features[plain], old.label)(november.features.loc[new, plain])
    for chance in others.values():
        gain = compare_scores(november.label, ours, chance, record_id=november.record_id)
        assert gain.advantage("log_loss").low > 0 and gain.advantage("auc").low > 0
        for a, gained in ((1, 0.0), (7, 0.01), (14, 0.01)):
            own = then == a
            assert log_loss(november.label[own], ours[own]) < log_loss(november.label[own], chance[own]) - gained


@pytest.fixture(scope="module")
def deals(real_data):
    maven = real_data / "maven"
    table = pd.read_csv(maven / "sales_pipeline.csv").replace({"product": {"GTXPro": "GTX Pro"}})
    table = table[table["deal_stage"].isin(["Won", "Lost"])]
    for file, key in (("accounts", "account"), ("products", "product"), ("sales_teams", "sales_agent")):
        table = table.merge(pd.read_csv(maven / f"{file}.csv"), on=key, how="left")
    table = table.sort_values(["engage_date", "opportunity_id"], ignore_index=True)
    asked = {"label": "deal_stage", "positive": "Won", "record_id": "opportunity_id"}
    return plain_rows(table.drop(columns="close_value"), at="engage_date", known_at="close_date", **asked)


def test_what_is_known_of_a_deal_when_it_is_engaged_tells_nothing(deals):
    """Closed deals in order of their start: product, price, agent, office, and what is known of the account."""
    told = evaluate_model(LeadScorer, deals, fit=fit_in_time, resamples=200)
    for split in (told.time, told.random):
        auc = split.scores.estimate("auc")
        assert split.verdict.verdict == "no usable signal"
        assert auc.low < 0.5 < auc.high and auc.value < 0.55


def test_nor_does_the_log_a_day_later(real_data, tmp_path_factory):
    """Of 1,589 open deals 1,088 have no account, of 6,711 closed ones none: 0 % of those without one are won.

    With what is counted by the account it had an AUC of 0.67. The 0.59 that remain are the days to the quarter's end.
    """
    history = load("maven", real_data, tmp_path_factory)
    marks = age_landmarks(history, ages_days=[1], as_of=date(2017, 12, 31))
    rows = training_rows(history, as_of=date(2017, 12, 31), horizon_days=90, landmarks=marks)
    assert learn_score(rows).verdict.verdict == "no usable signal"
