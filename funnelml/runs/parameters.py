"""The parameters of a notebook: read from its cell, and held against what is asked for before a kernel starts."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from funnelml.errors import RunError, did_you_mean

TAG = "parameters"
"""Tag of the cell that holds the defaults."""
Value = str | int | float | bool | list[Any] | dict[str, Any]
_KINDS: Mapping[str, type] = {kind.__name__: kind for kind in (str, int, float, bool, list, dict)}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a notebook.

    Parameters
    ----------
    name : str
        Its name.
    kind : type
        ``str``, ``int``, ``float``, ``bool``, ``list`` or ``dict``.
    default : object
        Its value where none is given.
    """

    name: str
    kind: type
    default: Value


def read_parameters(notebook: Any, name: str) -> dict[str, Parameter]:
    """Read the typed literals of the cell that is tagged ``parameters``.

    papermill's own inspection reads them with a regular expression: it misses ``int | None`` and cuts a text at ``#``.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook.
    name : str
        Its name, for messages.

    Returns
    -------
    dict of str to Parameter
        Empty if the notebook has no such cell.

    Raises
    ------
    RunError
        If the cell is no Python, or a parameter is not a literal of a plain type.
    """
    cell = next((c for c in notebook.cells if TAG in c.get("metadata", {}).get("tags", ())), None)
    if cell is None:
        return {}
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise RunError(f"the parameters cell of notebook '{name}' is not Python: {error}") from None
    found = {}
    for statement in statements:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            told, kind = statement.target.id, ast.unparse(statement.annotation)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            told, kind = statement.targets[0].id, ""
        else:
            continue
        found[told] = _read_parameter(told, kind, statement.value, name)
    return found


def check_parameters(given: Mapping[str, object], known: Mapping[str, Parameter], notebook: str) -> dict[str, Value]:
    """Convert what was given to the types of the notebook's parameters, or refuse it.

    Parameters
    ----------
    given : mapping of str to object
        Values by name: Python or numpy scalars, dates, or texts from a command line.
    known : mapping of str to Parameter
        What the notebook takes.
    notebook : str
        Its name, for messages.

    Returns
    -------
    dict of str to object
        Plain Python values.

    Raises
    ------
    RunError
        Naming all parameters that are unknown or of the wrong type.
    """
    problems, values = [], {}
    for name, value in given.items():
        if name not in known:
            there = ", ".join(known) or "none"
            problems.append(f"it has no parameter '{name}'{did_you_mean(str(name), known)}; it has {there}")
            continue
        try:
            values[name] = _convert(value, known[name].kind)
        except ValueError as error:
            problems.append(f"parameter '{name}' {error}")
    if problems:
        raise RunError(f"notebook '{notebook}' was not started: {'; '.join(problems)}")
    return values


def _read_parameter(name: str, kind: str, literal: ast.expr | None, notebook: str) -> Parameter:
    try:
        default = ast.literal_eval(literal) if literal is not None else None
    except ValueError:
        default = None
    wanted = _KINDS.get(kind, type(default))
    if default is None or wanted not in _KINDS.values() or (kind and kind not in _KINDS):
        raise RunError(
            f"parameter '{name}' of notebook '{notebook}' is no literal of a plain type; write it as "
            f"name: type = value, with one of {', '.join(_KINDS)}"
        )
    return Parameter(name=name, kind=wanted, default=wanted(default))


def _convert(value: object, kind: type) -> Value:
    """Return ``value`` as the type ``kind``; the message of the ValueError follows the parameter's name."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, datetime) and not pd.isna(value) and value.time() == time():
        value = value.date()
    if isinstance(value, date) and not pd.isna(value):
        value = value.isoformat()
    if isinstance(value, str):
        value = _parse(value, kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise ValueError(f"must be {kind.__name__}, not {value!r} ({type(value).__name__})")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be a finite number, not {value}")
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        raise ValueError(f"cannot be written down as text: {value!r}") from None
    return cast(Value, value)


def _parse(text: str, kind: type) -> object:
    """Return what the text says as the type ``kind``, or the text itself."""
    if kind is bool:
        return _TRUTHS.get(text.strip().lower(), text)
    try:
        if kind in (int, float):
            return kind(text)
        return json.loads(text) if kind in (list, dict) else text
    except ValueError:
        return text
