"""Trained models in the folder ``models/`` of a workspace: each in a folder of its own, with its card.

``models/<id>/model.skops`` is the model, ``card.json`` its card, ``card.md`` the card for a person. The id ends in a
digest of the card, and the card holds that of the model, so that damage to either is noticed. The digests are no
signature: who writes model and card anew, with the id that follows, gets past them. Against such a file stand the fixed
list of types and the checked trees: it can give wrong scores, but not run anything.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from funnelml.errors import ModelStoreError, did_you_mean
from funnelml.io.model_card import ModelCard, card_from_json, installed_versions
from funnelml.io.model_file import MOST_BYTES, digest, model_from_bytes, model_to_bytes
from funnelml.io.whole_files import write_whole
from funnelml.language import Language

_NAME = r"[^\W_][\w-]{0,63}"
_ID = rf"({_NAME})-(\d{{4}}-\d{{2}}-\d{{2}})-([0-9a-f]{{8}})"
_MOST_CARD_BYTES = 16 * 2**20
_SAME = ("scikit-learn", "funnelml")
"""Packages whose fitted estimators change from one minor version to the next."""


def save_model(folder: Path, *, name: str, model: Any, card: ModelCard, language: Language = "en") -> str:
    """Store a fitted model with its card; the same model with the same card is stored once.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``; made if absent.
    name : str
        What the model is for: letters of any script, digits, ``_`` and ``-``; at most 64.
    model : estimator
        Fitted, with ``predict_proba`` or ``predict_cumulative_incidence``.
    card : ModelCard
        What it learned from and how well it did.
    language : {"en", "zh"}
        Of the card for a person.

    Returns
    -------
    str
        Its id: ``lead_score-2026-06-30-1a2b3c4d``.

    Raises
    ------
    ModelStoreError
        If the name is none, or the model holds what a stored model may not hold. Nothing is written then.
    """
    if not re.fullmatch(_NAME, name):
        raise ModelStoreError(
            f"'{name}' cannot name a model; take letters, digits, _ and -, at most 64, the first no _ or -"
        )
    content = model_to_bytes(model)
    told = card.to_json(name=name, model_type=type(model).__name__, model_sha256=digest(content))
    model_id = _id_of(name, card.as_of, told)
    place = folder / model_id
    page = card.to_markdown(model_id, language)
    # The card comes last: a folder without one is no model, whatever stopped the writing.
    for file, written in (("model.skops", content), ("card.md", page.encode()), ("card.json", told)):
        write_stored(place / file, written)
    return model_id


def write_stored(path: Path, content: bytes) -> None:
    """Write a file of the store, whole or not at all.

    Raises
    ------
    ModelStoreError
        If it cannot be written.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise ModelStoreError(f"{path} cannot be written: {error.strerror}; free space or change its rights") from None


def _id_of(name: str, as_of: date, card: bytes) -> str:
    return f"{name}-{as_of}-{digest(card)[:8]}"


def load_model(folder: Path, model_id: str) -> Any:
    """Return a stored model.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``.
    model_id : str
        Its id.

    Raises
    ------
    ModelStoreError
        If there is none of that id, if model or card were changed after they were saved, if it holds a type that is
        not on the list, or was made under another minor version of scikit-learn or funnelml.
    """
    card, told = _read_card(folder, model_id)
    content = _read(folder / model_id / "model.skops", most=MOST_BYTES)
    if digest(content) != told.get("model_sha256"):
        raise ModelStoreError(f"{model_id}: model.skops was changed after it was saved; train the model again")
    refuse_other_versions(model_id, card)
    try:
        return model_from_bytes(content)
    except ModelStoreError as error:
        raise ModelStoreError(f"{model_id}: {error}") from None


def refuse_other_versions(model_id: str, card: ModelCard) -> None:
    """Raise if a model was made under another minor version of a package that its scores depend on.

    Raises
    ------
    ModelStoreError
        With both versions.
    """
    installed = installed_versions()
    for package in _SAME:
        made, here = card.versions.get(package, "unknown"), installed[package]
        if made.split(".")[:2] != here.split(".")[:2]:
            raise ModelStoreError(
                f"{model_id} was made with {package} {made} and {here} is installed: its scores could be others. Train "
                f"it again, or install {package} {made}"
            )


def read_card(folder: Path, model_id: str) -> ModelCard:
    """Return the card of a stored model; the model itself is not opened.

    Raises
    ------
    ModelStoreError
        If there is none of that id, or its card was changed after it was saved.
    """
    return _read_card(folder, model_id)[0]


def _read_card(folder: Path, model_id: str) -> tuple[ModelCard, dict[str, Any]]:
    if not re.fullmatch(_ID, model_id):
        raise ModelStoreError(
            f"'{model_id}' is no id of a model{did_you_mean(model_id, model_ids(folder))}; an id is like "
            "lead_score-2026-06-30-1a2b3c4d"
        )
    if not (folder / model_id / "card.json").is_file():
        raise ModelStoreError(
            f"there is no model {model_id} in {folder.name}/{did_you_mean(model_id, model_ids(folder))}"
        )
    content = _read(folder / model_id / "card.json", most=_MOST_CARD_BYTES)
    try:
        card, told = card_from_json(content)
    except ModelStoreError as error:
        raise ModelStoreError(f"{model_id}: {error}") from None
    if _id_of(str(told.get("name")), card.as_of, content) != model_id:
        raise ModelStoreError(
            f"{model_id}: card.json or the name of the folder was changed after it was saved; train the model again"
        )
    return card, told


def _read(path: Path, *, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ModelStoreError(
            f"{path.parent.name}: {path.name} cannot be read: {error.strerror}; train the model again"
        ) from None
    if len(content) > most:
        raise ModelStoreError(f"{path.parent.name}: {path.name} has more than {most / 2**20:,.0f} MB; it is not opened")
    return content


def model_ids(folder: Path) -> list[str]:
    """Return the ids of all models by name and as-of date, whether or not they are sound."""
    if not folder.is_dir():
        return []
    return sorted(place.name for place in folder.iterdir() if re.fullmatch(_ID, place.name) and place.is_dir())


def name_of(model_id: str) -> str:
    """Return the name that a model was stored under.

    Examples
    --------
    >>> name_of("lead_score-2026-06-30-1a2b3c4d")
    'lead_score'
    """
    return model_id[: -len("-2026-06-30-1a2b3c4d")]
