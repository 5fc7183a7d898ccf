"""Stored stage models: they predict bit for bit as they did, and a file made to do harm is not opened."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model, roll_back, use_model
from funnelml.io.data_hash import hash_stays
from funnelml.io.model_card import STAY_ENDS, ModelCard
from funnelml.io.model_file import model_from_bytes, model_to_bytes
from funnelml.io.model_list import compare_models, list_models
from funnelml.io.model_store import load_model, read_card, save_model
from funnelml.survival.stage_model import StageModel
from tests.survival.small_stays import STAGES, open_rows, rows_of

TIMES = [0.5, 7.0, 14.0, 30.0, 60.0]
KINDS = {
    "stage and age alone": {"ratios": "none"},
    "linear": {"ratios": "linear", "calendar": True, "half_life_days": 200},
    "cox": {"ratios": "cox"},
    "boosted": {"ratios": "boosted"},
}
CARD = ModelCard(
    as_of=date(2026, 6, 30),
    funnel="销售",
    outcome=STAY_ENDS,
    horizon="",
    data_hash="ab" * 32,
    rows=1_500,
    positives=1_300,
    features=("stage", "age", "来源"),
    seed=0,
    metrics={"Brier score (stage and age alone)": 0.24},
    verdict="Log-linear ratios: of 6 models tested.",
    parameters={"ratios": "linear", "half_life_days": "None"},
)


def covariates(n, seed):
    rng = np.random.default_rng(seed)
    source = rng.choice(np.array(["网站", "email", None], dtype=object), n)
    return pd.DataFrame({"amount": rng.lognormal(8, 1, n), "来源": source, "pushes": rng.poisson(1.0, n).astype(float)})


@cache
def stays():
    rng = np.random.default_rng(1)
    n = 1_500
    known = covariates(n, 2)
    stage = rng.choice(np.array(STAGES, dtype=object), n)
    duration = rng.exponential(np.where(known["来源"] == "email", 8.0, 20.0))
    event = rng.choice([0, 1, 2, 3, 4], n, p=[0.1, 0.35, 0.25, 0.25, 0.05])
    ids = [f"record-{i // 2}" for i in range(n)]
    return rows_of(stage, duration, event, covariates=known, ids=ids)


@cache
def fitted(kind):
    return StageModel(**KINDS[kind]).fit(stays())


RUNNING = open_rows([*STAGES, *STAGES], [0.0, 3.0, 12.0, 25.0, 60.0, 400.0], covariates=covariates(6, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_stage_model_comes_back_and_predicts_the_same_bit_for_bit(tmp_path, kind):
    model = fitted(kind)
    model_id = save_model(tmp_path, name="stage_model", model=model, card=CARD)
    back = load_model(tmp_path, model_id)
    assert type(back) is StageModel and back.get_params() == model.get_params()
    for ask in ("predict_cumulative_incidence", "predict_won_by"):
        np.testing.assert_array_equal(getattr(back, ask)(RUNNING, TIMES), getattr(model, ask)(RUNNING, TIMES))
    np.testing.assert_array_equal(back.days_observed(RUNNING), model.days_observed(RUNNING))
    for drawn, again in zip(model.draws(2, seed=5), back.draws(2, seed=5), strict=True):
        np.testing.assert_array_equal(drawn.predict_won_by(RUNNING, TIMES), again.predict_won_by(RUNNING, TIMES))
    assert model_to_bytes(back) == model_to_bytes(model)


@pytest.mark.parametrize("kind", KINDS)
def test_no_id_of_a_record_and_no_date_of_a_stay_is_stored(kind):
    content = model_to_bytes(fitted(kind))
    entered = int(stays().entered_at[0]).to_bytes(8, "little")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        parts = [file.read(name) for name in file.namelist()]
    assert not any(b"record-" in part or entered in part for part in parts)


def changed(content, change):
    """Return the file with its schema changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as file, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in file.namelist():
            part = file.read(name)
            written.writestr(name, change(part.decode()).encode() if name == "schema.json" else part)
    return out.getvalue()


def test_a_foreign_type_inside_of_a_stage_model_is_refused():
    content = model_to_bytes(fitted("boosted"))
    foreign = changed(content, lambda text: text.replace('"BoostedRatios"', '"Popen"').replace("ratios.boosted", "os"))
    with pytest.raises(ModelStoreError, match=r"types that are not on the list .*Popen.*nothing was run"):
        model_from_bytes(foreign)


def test_trees_of_a_stage_model_that_point_outside_are_refused():
    model = model_from_bytes(model_to_bytes(fitted("boosted")))
    (trees,) = [trees for trees in model.ratios_.trees if trees is not None][:1]
    trees._predictors[0][0].nodes["left"][0] = 10_000
    with pytest.raises(ModelStoreError, match="point outside of themselves"):
        model_to_bytes(model)


def test_a_model_that_was_changed_after_it_was_saved_is_refused(tmp_path):
    model_id = save_model(tmp_path, name="stage_model", model=fitted("linear"), card=CARD)
    file = tmp_path / model_id / "model.skops"
    file.write_bytes(model_to_bytes(fitted("cox")))
    with pytest.raises(ModelStoreError, match=r"model.skops was changed after it was saved"):
        load_model(tmp_path, model_id)


def test_stage_models_stand_beside_scores_are_compared_and_rolled_back(tmp_path):
    may = save_model(tmp_path, name="stage_model", model=fitted("cox"), card=replace(CARD, as_of=date(2026, 5, 31)))
    june = save_model(tmp_path, name="stage_model", model=fitted("linear"), card=CARD)
    for model_id in (may, june):
        use_model(tmp_path, model_id)
    listed = list_models(tmp_path).to_frame().set_index("model_id")
    assert list(listed["in_use"]) == [False, True] and set(listed["problem"]) == {""}
    facts = compare_models(tmp_path, may, june).to_frame().set_index("field")
    assert not facts.loc["as_of", "same"] and facts.loc["parameters.ratios", "first"] == "linear"
    assert roll_back(tmp_path, "stage_model") == may == current_model(tmp_path, "stage_model")


def test_the_card_of_a_stage_model_speaks_two_languages(tmp_path):
    model_id = save_model(tmp_path, name="stage_model", model=fitted("linear"), card=CARD)
    card = read_card(tmp_path, model_id)
    assert card.parameters == CARD.parameters
    assert "1,300 of them left their stage (86.7\xa0%)" in card.summary()
    assert "其中 1,300 行“离开所在阶段”" in card.summary("zh")
    assert "| 参数：ratios | linear |" in card.to_markdown(model_id, "zh")
    # A card without parameters is written as it was before there were any.
    assert "parameters" not in json.loads(replace(CARD, parameters={}).to_json())


def test_the_fingerprint_of_stays_sees_every_change():
    rows = stays()
    again = replace(rows, covariates=rows.covariates.copy())
    assert hash_stays(again) == hash_stays(rows)
    others = [
        replace(rows, age=rows.age + 1.0),
        replace(rows, event=np.where(rows.event == 2, 3, rows.event)),
        replace(rows, covariates=rows.covariates.assign(amount=0.0)),
        replace(rows, time_zone="Asia/Shanghai"),
        rows.take(np.arange(len(rows))[::-1]),
    ]
    assert len({hash_stays(each) for each in [rows, *others]}) == 1 + len(others)
