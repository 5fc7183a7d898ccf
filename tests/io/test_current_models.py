"""Which stored model is in use, and stored models side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model, roll_back, use_model
from funnelml.io.data_hash import hash_rows
from funnelml.io.model_list import compare_models, list_models
from funnelml.io.model_store import save_model
from funnelml.scoring.rows import ScoringRows
from tests.io.stored_models import CARD, N, X, Y, fitted


@pytest.fixture(scope="module")
def boosting() -> Any:
    return fitted("boosting on numbers")


@pytest.fixture(scope="module")
def card_model() -> Any:
    return fitted("scorecard on numbers")


@pytest.fixture
def stored(tmp_path, card_model) -> tuple[Path, str]:
    return tmp_path, save_model(tmp_path, name="lead_score", model=card_model, card=CARD)


def three(folder: Path, card_model: Any) -> list[str]:
    months = [(4, 30), (5, 31), (6, 30)]
    cards = [replace(CARD, as_of=date(2026, *day), metrics={"log_loss": 0.5 - 0.01 * day[0]}) for day in months]
    return [save_model(folder, name="lead_score", model=card_model, card=card) for card in cards]


def test_use_and_roll_back(tmp_path, boosting, card_model):
    april, may, june = three(tmp_path, card_model)
    other = save_model(tmp_path, name="renewal", model=boosting, card=CARD)
    assert current_model(tmp_path, "lead_score") is None
    with pytest.raises(ModelStoreError, match="no model 'lead_score' was in use before this"):
        roll_back(tmp_path, "lead_score")
    for model_id in (april, may, other, june, june):
        use_model(tmp_path, model_id)
    assert (current_model(tmp_path, "lead_score"), current_model(tmp_path, "renewal")) == (june, other)
    assert [roll_back(tmp_path, "lead_score"), roll_back(tmp_path, "lead_score")] == [may, april]
    with pytest.raises(ModelStoreError, match=f"was in use before {april}"):
        roll_back(tmp_path, "lead_score")
    use_model(tmp_path, june)
    assert roll_back(tmp_path, "lead_score") == april == current_model(tmp_path, "lead_score")
    told = json.loads((tmp_path / "current.json").read_text(encoding="utf-8"))
    steps = [(step["step"], step["model_id"]) for step in told["steps"] if step["name"] == "lead_score"]
    ups, downs = [("use", april), ("use", may), ("use", june)], [("roll_back", may), ("roll_back", april)]
    assert steps == [*ups, *downs, ("use", june), ("roll_back", april)]
    assert current_model(tmp_path, "renewal") == other


def test_what_cannot_be_loaded_is_not_put_in_use(tmp_path, card_model):
    april, may, june = three(tmp_path, card_model)
    use_model(tmp_path, april)
    use_model(tmp_path, may)
    before = (tmp_path / "current.json").read_bytes()
    for broken in (april, june):
        (tmp_path / broken / "model.skops").write_bytes(b"")
    with pytest.raises(ModelStoreError, match="was changed"):
        use_model(tmp_path, june)
    with pytest.raises(ModelStoreError, match="was changed"):
        roll_back(tmp_path, "lead_score")
    assert (tmp_path / "current.json").read_bytes() == before and current_model(tmp_path, "lead_score") == may


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema_version": 9, "steps": []}',
        '{"schema_version": 1, "steps": [{"step": "use"}]}',
        '{"schema_version": 1, "steps": [{"step": "roll_back", "name": "a", "model_id": "b"}]}',
    ],
)
def test_a_damaged_history_is_named(stored, text):
    folder, model_id = stored
    (folder / "current.json").write_text(text, encoding="utf-8")
    for ask in (lambda: current_model(folder, "lead_score"), lambda: use_model(folder, model_id)):
        with pytest.raises(ModelStoreError, match=r"current.json cannot be read \("):
            ask()
    assert (folder / "current.json").read_text(encoding="utf-8") == text


def test_the_list_of_models(tmp_path, card_model):
    assert list_models(tmp_path / "models").summary() == "No model is stored yet."
    april, may, june = three(tmp_path, card_model)
    use_model(tmp_path, may)
    (tmp_path / april / "card.json").write_text("{}", encoding="utf-8")
    (tmp_path / "README.md").write_text("models", encoding="utf-8")
    listed = list_models(tmp_path)
    table = listed.to_frame().set_index("model_id")
    assert list(table.index) == [april, may, june]
    assert list(table["in_use"]) == [False, True, False]
    assert table.loc[june, "rows"] == N and table.loc[june, "problem"] == ""
    assert "card.json is no card of a model" in table.loc[april, "problem"]
    assert listed.summary() == f"3 models are stored; in use: {may}; cannot be used: {april}."
    assert listed.summary("zh") == f"已保存 3 个模型；使用中：{may}；无法使用：{april}。"


def test_two_models_side_by_side(tmp_path, boosting, card_model):
    other = replace(CARD, data_hash="cd" * 32, features=("amount", "owner"), metrics={"log_loss": 0.48, "auc": 0.7})
    first = save_model(tmp_path, name="lead_score", model=card_model, card=CARD)
    second = save_model(tmp_path, name="lead_score", model=boosting, card=other)
    compared = compare_models(tmp_path, first, second)
    table = compared.to_frame().set_index("field")
    assert tuple(table.loc["metrics.log_loss"]) == (0.512, 0.48, False) and table.loc["rows", "same"]
    said = compared.summary()
    assert "learned from different rows" in said and "log_loss 0.512 -> 0.48, auc - -> 0.7." in said
    assert f"Only {first} has days_since_activity, 来源." in said and f"Only {second} has owner." in said
    assert "log_loss 0.512 -> 0.48" in compared.summary("zh") and f"仅 {second} 有 owner。" in compared.summary("zh")
    same = compare_models(tmp_path, first, first)
    assert same.table["same"].drop(index=same.table.index[same.table["field"] == "metrics.auc"]).all()
    assert f"learned from the same {N} rows" in same.summary()
    third = save_model(tmp_path, name="lead_score", model=card_model, card=replace(CARD, outcome="lost"))
    assert "their measures do not compare" in compare_models(tmp_path, first, third).summary()


def test_the_fingerprint_of_rows_is_that_of_their_content():
    rows = ScoringRows(features=X, record_id=np.array([f"L{i}" for i in range(N)], dtype=object), label=Y)
    told = hash_rows(rows)
    assert told == hash_rows(replace(rows, features=X.copy())) and len(told) == 64
    order = np.arange(N)[::-1]
    others = [
        rows.take(order),
        replace(rows, features=X.rename(columns={"amount": "Amount"})),
        replace(rows, features=X.assign(amount=X["amount"].where(X.index != 5, 1.0))),
        replace(rows, features=X.assign(来源=X["来源"].where(X.index != 5, "fair"))),
        replace(rows, label=1 - Y),
        replace(rows, label=None),
        replace(rows, at=np.arange(N)),
        replace(rows, known_at=np.arange(N)),
    ]
    assert len({told, *map(hash_rows, others)}) == 9
    zeros = [replace(rows, features=X.assign(amount=zero)) for zero in (0.0, -0.0)]
    assert hash_rows(zeros[0]) == hash_rows(zeros[1])
