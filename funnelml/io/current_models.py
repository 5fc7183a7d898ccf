"""Which stored model is in use, by name: a small file with its whole history."""

from __future__ import annotations

import json
from pathlib import Path

from funnelml.errors import ModelStoreError
from funnelml.io.model_store import load_model, name_of, write_stored

_FILE = "current.json"
_SCHEMA_VERSION = 1


def use_model(folder: Path, model_id: str) -> None:
    """Put a stored model in use, in the place of the one of its name.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``.
    model_id : str
        The model.

    Raises
    ------
    ModelStoreError
        If it cannot be loaded; the old one stays in use then.
    """
    load_model(folder, model_id)
    name = name_of(model_id)
    steps = _read_steps(folder)
    if _replay(steps, name)[-1:] != [model_id]:
        _write_steps(folder, [*steps, {"step": "use", "name": name, "model_id": model_id}])


def roll_back(folder: Path, name: str) -> str:
    """Put the model in use that was in use before; return its id.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``.
    name : str
        Name of the model.

    Raises
    ------
    ModelStoreError
        If none was in use before, or that one cannot be loaded; nothing is changed then.
    """
    steps = _read_steps(folder)
    used = _replay(steps, name)
    if len(used) < 2:
        raise ModelStoreError(
            f"no model '{name}' was in use before {used[0] if used else 'this'}, so there is none to go back to; put "
            "one in use by its id"
        )
    before = used[-2]
    load_model(folder, before)
    _write_steps(folder, [*steps, {"step": "roll_back", "name": name, "model_id": before}])
    return before


def current_model(folder: Path, name: str) -> str | None:
    """Return the id of the model of a name that is in use, or None.

    Raises
    ------
    ModelStoreError
        If the file that says so is damaged.
    """
    used = _replay(_read_steps(folder), name)
    return used[-1] if used else None


def _replay(steps: list[dict[str, str]], name: str) -> list[str]:
    """Return the models of a name from the first to the one in use, without those that were rolled back."""
    used: list[str] = []
    for step in steps:
        if step["name"] != name:
            continue
        if step["step"] == "use":
            used.append(step["model_id"])
        else:
            used.pop()
    return used


def _read_steps(folder: Path) -> list[dict[str, str]]:
    path = folder / _FILE
    if not path.exists():
        return []
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema_version"] != _SCHEMA_VERSION:
            raise ValueError(f"schema_version is {told['schema_version']}")
        steps = [{key: str(step[key]) for key in ("step", "name", "model_id")} for step in told["steps"]]
        for name in {step["name"] for step in steps}:
            _replay(steps, name)
    except (OSError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise ModelStoreError(
            f"{folder.name}/{_FILE} cannot be read ({type(error).__name__}: {error}); remove it and put a model in use "
            "again"
        ) from None
    return steps


def _write_steps(folder: Path, steps: list[dict[str, str]]) -> None:
    told = {"schema_version": _SCHEMA_VERSION, "steps": steps}
    write_stored(folder / _FILE, json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n")
