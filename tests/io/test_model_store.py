"""Stored models: they come back as they were, and a file that was changed, damaged or made to do harm does not."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from funnelml.errors import ModelStoreError
from funnelml.io import model_file
from funnelml.io.current_models import use_model
from funnelml.io.model_card import installed_versions
from funnelml.io.model_file import digest, model_from_bytes, model_to_bytes
from funnelml.io.model_list import list_models
from funnelml.io.model_store import load_model, read_card, save_model
from funnelml.io.model_types import FUNNELML, SKLEARN
from tests.io.stored_models import CARD, MODELS, fitted


@pytest.fixture(scope="module")
def boosting() -> Any:
    return fitted("boosting on numbers")


@pytest.fixture(scope="module")
def card_model() -> Any:
    return fitted("scorecard on numbers")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(tmp_path, name):
    model, (_, features) = fitted(name), MODELS[name]
    model_id = save_model(tmp_path / "models", name="lead_score", model=model, card=CARD)
    back = load_model(tmp_path / "models", model_id)
    assert type(back) is type(model)
    np.testing.assert_array_equal(back.predict_proba(features), model.predict_proba(features))
    if hasattr(model, "contributions"):
        np.testing.assert_array_equal(back.contributions(features), model.contributions(features))
    # Fitted again, or loaded and stored again, it is the same model: same bytes, same id.
    assert model_to_bytes(back) == model_to_bytes(fitted(name)) == model_to_bytes(model)
    assert save_model(tmp_path / "models", name="lead_score", model=back, card=CARD) == model_id
    assert sorted(p.name for p in (tmp_path / "models" / model_id).iterdir()) == ["card.json", "card.md", "model.skops"]


def test_a_card_comes_back_as_it_was(tmp_path, card_model):
    model_id = save_model(tmp_path, name="线索评分", model=card_model, card=CARD)
    assert model_id.startswith("线索评分-2026-06-30-")
    back = read_card(tmp_path, model_id)
    assert replace(back, metrics={}) == replace(CARD, metrics={})
    assert repr(back.metrics) == repr(CARD.metrics)
    assert set(back.versions) == {"python", "funnelml", "numpy", "pandas", "scikit-learn", "skops"}
    told = json.loads((tmp_path / model_id / "card.json").read_text(encoding="utf-8"))
    assert told["metrics"]["auc"] is None
    assert told["model_sha256"] == digest((tmp_path / model_id / "model.skops").read_bytes())
    facts = dict(back.to_frame().itertuples(index=False, name=None))
    assert facts["metrics.log_loss"] == 0.512 and facts["seed"] == 7


def test_the_card_for_a_person_speaks_two_languages(tmp_path, card_model):
    pages = {}
    for language in ("en", "zh"):
        model_id = save_model(tmp_path / language, name="lead_score", model=card_model, card=CARD, language=language)
        pages[language] = (tmp_path / language / model_id / "card.md").read_text(encoding="utf-8")
    assert (
        "Learned from 300 rows known on 2026-06-30" in pages["en"] and "| outcome | won within 28 days |" in pages["en"]
    )
    assert "用截至 2026-06-30 已知的 300 行训练" in pages["zh"] and "| 结果 | 28 天内赢单 |" in pages["zh"]
    assert "| metrics: log loss | 0.512 |" in pages["en"] and "| 指标：对数损失 | 0.512 |" in pages["zh"]
    for page in pages.values():
        assert "- no feature knows the label \\| by itself" in page and "- 来源" in page and "AUC | - |" in page


def test_another_model_or_another_card_has_another_id(tmp_path, boosting, card_model):
    ids = {
        save_model(tmp_path, name="lead_score", model=model, card=card)
        for model in (boosting, card_model)
        for card in (CARD, replace(CARD, seed=8))
    }
    assert len(ids) == 4


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a\\b", ".hidden", "-rf", "a b", "x" * 65, "a\n", "a\0b", "C:x"])
def test_a_name_is_no_path(tmp_path, card_model, name):
    with pytest.raises(ModelStoreError, match="cannot name a model; take letters, digits"):
        save_model(tmp_path / "models", name=name, model=card_model, card=CARD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "model_id", ["../lead_score-2026-06-30-1a2b3c4d", "lead_score", "..", "/etc", "lead_score-2026-06-30-1a2b3c4d/.."]
)
def test_an_id_is_no_path(tmp_path, model_id):
    for ask in (load_model, read_card, use_model):
        with pytest.raises(ModelStoreError, match="is no id of a model"):
            ask(tmp_path, model_id)


def test_a_model_that_is_not_there_is_told_with_the_one_that_was_meant(tmp_path, card_model):
    model_id = save_model(tmp_path / "models", name="lead_score", model=card_model, card=CARD)
    with pytest.raises(
        ModelStoreError, match=rf"there is no model lead_scores-.* in models/ \(did you mean '{model_id}'"
    ):
        load_model(tmp_path / "models", model_id.replace("score", "scores"))


def test_types_that_are_not_on_the_list_are_not_stored(tmp_path):
    for model, said in [
        (SVC().fit([[0.0], [1.0]], [0, 1]), "sklearn.svm._classes.SVC"),
        ({"path": Path()}, "pathlib"),
        (fitted("scorecard on numbers").set_params(directions=print), "builtins.print"),
        (LogisticRegression().fit([[0.0], [1.0]], [0, 1]), "sklearn.linear_model._logistic.LogisticRegression"),
        ([1, 2], "holds a list, not a model that predicts"),
    ]:
        with pytest.raises(ModelStoreError, match=said):
            save_model(tmp_path / "models", name="lead_score", model=model, card=CARD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*FUNNELML, *SKLEARN])
def test_every_type_on_the_list_exists(name):
    module, _, kind = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), kind), type)


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None], **how: Any) -> bytes:
    """Return the file with its members changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **({"compression": zipfile.ZIP_DEFLATED} | how)) as file:
        for name, member in members.items():
            file.writestr(name, member)
    return out.getvalue()


def in_schema(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        text = members["schema.json"].decode()
        assert old in text
        members["schema.json"] = text.replace(old, new, 1).encode()

    return change


def array_header(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()


SCORECARD = '"__class__":"Scorecard","__module__":"funnelml.scoring.models.scorecard","__loader__":"ObjectNode"'
NASTY: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda b: b"", "is no model, or is damaged"),
    "truncated": (lambda b: b[: len(b) // 2], "is no model, or is damaged"),
    "a byte changed": (
        lambda b: b[:400] + bytes([b[400] ^ 255]) + b[401:],
        "is no model, or is damaged|cannot be rebuilt",
    ),
    "a pickle": (lambda b: pickle.dumps({"a": 1}), "is a pickle: it would run what it holds"),
    "another zip": (lambda b: repacked(b, lambda m: m.clear()), "its parts are missing"),
    "a path": (lambda b: repacked(b, lambda m: m.update({"../../evil.npy": b"x"})), r"it holds '../../evil.npy'"),
    "a program": (lambda b: repacked(b, lambda m: m.update({"setup.py": b"x"})), "it holds 'setup.py'"),
    "a foreign function": (
        lambda b: repacked(
            b, in_schema(SCORECARD, '"__class__":"system","__module__":"os","__loader__":"FunctionNode"')
        ),
        "not on the list of what a model may hold: os.system; nothing was run",
    ),
    "a foreign class": (
        lambda b: repacked(
            b,
            in_schema(
                '"Scorecard","__module__":"funnelml.scoring.models.scorecard"',
                '"SVC","__module__":"sklearn.svm._classes"',
            ),
        ),
        "not on the list .*: sklearn.svm._classes.SVC",
    ),
    "a class that may be a value is called": (
        lambda b: repacked(b, in_schema(SCORECARD, SCORECARD.replace("ObjectNode", "ConstructorFromReduceNode"))),
        "not on the list .*: funnelml.scoring.models.scorecard.Scorecard",
    ),
    "an unknown loader": (
        lambda b: repacked(b, in_schema(SCORECARD, SCORECARD.replace("ObjectNode", "PickleNode"))),
        "not on the list",
    ),
    "an old protocol": (
        lambda b: repacked(b, in_schema('"protocol":2', '"protocol":0')),
        "was stored by another version of skops",
    ),
    "too deep": (
        lambda b: repacked(b, lambda m: m.update({"schema.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000})),
        "is no model, or is damaged .RecursionError",
    ),
    "no nodes": (lambda b: repacked(b, lambda m: m.update({"schema.json": b'{"protocol":2}'})), "cannot be rebuilt"),
    "an array of eight terabytes": (
        lambda b: repacked(b, lambda m: m.update({"0.npy": array_header("(1000000000000,)")})),
        "array 0.npy of the model is not what its head says",
    ),
    "an array that is a pickle": (
        lambda b: repacked(b, lambda m: m.update({"0.npy": b"\x93NUMPY\x01\x00"})),
        "is no model, or is damaged",
    ),
    "packed otherwise": (
        lambda b: repacked(b, lambda m: None, compression=zipfile.ZIP_LZMA),
        "packed in a way that funnelml never uses",
    ),
}


@pytest.mark.parametrize("what", NASTY)
def test_a_file_that_was_made_or_damaged_is_refused(card_model, what):
    make, said = NASTY[what]
    with pytest.raises(ModelStoreError, match=said):
        model_from_bytes(make(model_to_bytes(card_model)))


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(monkeypatch, card_model):
    monkeypatch.setattr(model_file, "MOST_BYTES", 2**20)
    bomb = repacked(model_to_bytes(card_model), lambda m: m.update({"9.npy": bytes(2**21)}))
    assert len(bomb) < 10_000
    with pytest.raises(ModelStoreError, match="would unpack to 2 MB; the most is 1 MB, so it is not opened"):
        model_from_bytes(bomb)


def test_two_members_of_one_name_are_refused(card_model):
    content = model_to_bytes(card_model)
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("schema.json", b"{}")
    with pytest.raises(ModelStoreError, match="stand twice"):
        model_from_bytes(out.getvalue())


@pytest.mark.parametrize("name", MODELS)
def test_no_type_is_trusted_because_a_file_asks(name):
    content = model_to_bytes(fitted(name))
    assert set(skops.io.get_untrusted_types(data=content)) <= set(model_file.TRUSTED)


def shift(field: str, value: int) -> Callable[[Any], None]:
    def change(nodes: Any) -> None:
        nodes[field][0] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        shift("left", 0),
        shift("right", 10_000),
        shift("feature_idx", 99),
        shift("feature_idx", -1),
        shift("is_categorical", 1),
    ],
    ids=["a loop", "beyond the end", "no such column", "before the first", "no such category"],
)
def test_trees_that_point_outside_are_not_walked(change):
    model = fitted("boosting on numbers")
    change(model._predictors[0][0].nodes)
    with pytest.raises(ModelStoreError, match="trees of the model point outside of themselves"):
        model_to_bytes(model)


def test_sets_of_categories_that_do_not_exist_are_not_looked_up():
    model = fitted("boosted lead scorer")
    trees = [tree for iteration in model.models_[0].trees_._predictors for tree in iteration]
    (split, *_) = [tree for tree in trees if tree.nodes["is_categorical"].any()]
    split.nodes["bitset_idx"][split.nodes["is_categorical"] == 1] = 10**6
    with pytest.raises(ModelStoreError, match="point outside"):
        model_to_bytes(model)


@pytest.fixture
def stored(tmp_path, card_model) -> tuple[Path, str]:
    return tmp_path, save_model(tmp_path, name="lead_score", model=card_model, card=CARD)


def test_a_model_that_was_changed_is_refused(stored, boosting):
    folder, model_id = stored
    (folder / model_id / "model.skops").write_bytes(model_to_bytes(boosting))
    with pytest.raises(ModelStoreError, match=f"{model_id}: model.skops was changed after it was saved"):
        load_model(folder, model_id)
    (folder / model_id / "model.skops").unlink()
    with pytest.raises(ModelStoreError, match=r"model\.skops cannot be read: No such file"):
        load_model(folder, model_id)


def test_a_card_that_was_changed_is_refused(stored):
    folder, model_id = stored
    card = folder / model_id / "card.json"
    text = card.read_text(encoding="utf-8")
    for changed in (text.replace('"log_loss": 0.512', '"log_loss": 0.112'), text + " "):
        card.write_text(changed, encoding="utf-8")
        with pytest.raises(ModelStoreError, match="was changed after it was saved"):
            load_model(folder, model_id)
    for broken in ("", "[]", "{}", text.replace('"rows": 300', '"rows": "many"'), "[" * 100_000):
        card.write_text(broken, encoding="utf-8")
        with pytest.raises(ModelStoreError, match=r"card.json is no card of a model \("):
            load_model(folder, model_id)


def test_a_folder_of_another_name_is_refused(stored):
    folder, model_id = stored
    other = model_id.replace("06-30", "07-31")
    (folder / model_id).rename(folder / other)
    with pytest.raises(ModelStoreError, match="the name of the folder was changed"):
        load_model(folder, other)


def test_a_forged_card_does_not_open_what_is_not_on_the_list(stored):
    """Whoever writes model and card anew gets past the digests, and then the list stops him."""
    folder, _ = stored
    content = skops.io.dumps(SVC().fit([[0.0], [1.0]], [0, 1]))
    told = CARD.to_json(name="lead_score", model_sha256=digest(content))
    model_id = f"lead_score-2026-06-30-{digest(told)[:8]}"
    (folder / model_id).mkdir()
    (folder / model_id / "model.skops").write_bytes(content)
    (folder / model_id / "card.json").write_bytes(told)
    with pytest.raises(ModelStoreError, match=f"^{model_id}: "):
        load_model(folder, model_id)


@pytest.mark.parametrize("package", ["scikit-learn", "funnelml"])
def test_another_minor_version_is_refused_in_words(tmp_path, card_model, package):
    here = installed_versions()[package]
    major, minor, *_ = here.split(".")
    card = replace(CARD, versions=dict(CARD.versions) | {package: f"{major}.{int(minor) + 1}.0"})
    model_id = save_model(tmp_path, name="lead_score", model=card_model, card=card)
    with pytest.raises(
        ModelStoreError, match=rf"was made with {package} {major}.*Train it again, or install {package}"
    ):
        load_model(tmp_path, model_id)
    assert "was made with" in list_models(tmp_path).table["problem"][0]
    patch = replace(CARD, versions=dict(CARD.versions) | {package: f"{major}.{minor}.99"})
    load_model(tmp_path, save_model(tmp_path, name="lead_score", model=card_model, card=patch))


def test_a_model_that_was_written_by_half_is_none(stored, card_model):
    folder, model_id = stored
    (folder / model_id / "card.json").unlink()
    with pytest.raises(ModelStoreError, match="there is no model"):
        load_model(folder, model_id)
    assert save_model(folder, name="lead_score", model=card_model, card=CARD) == model_id
    load_model(folder, model_id)
    assert not list(folder.rglob("*.tmp"))


def test_what_cannot_be_written_is_told_and_leaves_nothing(monkeypatch, stored, boosting):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    folder, model_id = stored
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelStoreError, match="cannot be written: No space left on device; free space"):
        save_model(folder, name="other", model=boosting, card=CARD)
    with pytest.raises(ModelStoreError, match=r"current\.json cannot be written"):
        use_model(folder, model_id)
    assert list(list_models(folder).table["model_id"][lambda ids: ids.str.startswith("lead")]) == [model_id]
    assert [path.name for path in folder.rglob("*") if path.is_file() and path.parent.name != model_id] == []
