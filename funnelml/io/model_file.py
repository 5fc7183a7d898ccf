"""A model as the bytes of a skops file, and back: no pickle, and nothing that is not on our list of types.

The file is a zip of ``schema.json`` and arrays. It is written so that the same model has the same bytes: without the
addresses and times that skops puts in, and each array once. It is read with every claim checked before skops sees it.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from funnelml.errors import ModelStoreError, first_few
from funnelml.io.model_types import ALLOWED, TRUSTED
from funnelml.io.tree_nodes import check_trees

MOST_BYTES = 256 * 2**20
"""Most bytes of a model, unpacked; a lead score has less than a hundredth of it."""
_SCHEMA = "schema.json"
_TRAIN_AGAIN = "train the model again"
_PREDICTS = ("predict_proba", "predict_cumulative_incidence")
"""What a model has one of."""


def model_to_bytes(model: Any) -> bytes:
    """Return a fitted model as the bytes of a skops file.

    Parameters
    ----------
    model : estimator
        Fitted, of types on the list in :mod:`funnelml.io.model_types`.

    Raises
    ------
    ModelStoreError
        If it holds another type, or would not come back from its file.
    """
    # Twice: skops writes a loaded model otherwise than a fresh one in places; so both have the same bytes.
    return _pack(model_from_bytes(_pack(model)))


def _pack(model: Any) -> bytes:
    """Return the file without addresses and times, each array once, named in the order of their use."""
    import skops.io

    try:
        raw = skops.io.dumps(model)
    except Exception as error:  # skops raises whatever the object's own code raises
        raise ModelStoreError(
            f"{type(model).__name__} cannot be stored ({_line(error)}); store a model of funnelml"
        ) from None
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        schema = json.loads(file.read(_SCHEMA))
        arrays: dict[bytes, str] = {}
        for node in _walk(schema):
            node.pop("__id__", None)
            if "file" in node:
                node["file"] = arrays.setdefault(file.read(node["file"]), f"{len(arrays)}.npy")
    members = {_SCHEMA: json.dumps(schema, separators=(",", ":")).encode()}
    members |= {name: array for array, name in arrays.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)  # its date is 1980-01-01
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # else the system that wrote it shows
            file.writestr(member, content)
    return packed.getvalue()


def _walk(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a schema: a dict that names what rebuilds it."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("__loader__"), str):
                yield part
            # the last is taken first
            waiting.extend(reversed(part.values()))
        elif isinstance(part, list):
            waiting.extend(reversed(part))


def model_from_bytes(content: bytes) -> Any:
    """Return the model of a skops file.

    Parameters
    ----------
    content : bytes
        The file.

    Raises
    ------
    ModelStoreError
        If it is no such file, is damaged or too large, or holds a type that is not on the list.
    """
    import skops.io

    _check_file(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared in the store, in words
            model = skops.io.loads(content, trusted=TRUSTED)
            sound = any(callable(getattr(model, name, None)) for name in _PREDICTS)
            check_trees(model)
    except ModelStoreError:
        raise
    except Exception as error:  # from any depth of what the file describes
        raise ModelStoreError(f"the model cannot be rebuilt from its file ({_line(error)}); {_TRAIN_AGAIN}") from None
    if not sound:
        raise ModelStoreError(f"the file holds a {type(model).__name__}, not a model that predicts; {_TRAIN_AGAIN}")
    return model


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _check_file(content: bytes) -> None:
    if content[:1] == b"\x80":
        raise ModelStoreError(
            f"the file is a pickle: it would run what it holds when it is opened, so it is never loaded; {_TRAIN_AGAIN}"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            _check_members(file.infolist())
            schema = json.loads(file.read(_SCHEMA))
            _check_types(schema)
            for member in file.infolist():
                if member.filename != _SCHEMA:
                    _check_array(file.read(member), member.filename)
    except ModelStoreError:
        raise
    except Exception as error:  # zipfile and json raise a dozen kinds for what is damaged
        raise ModelStoreError(f"the file is no model, or is damaged ({_line(error)}); {_TRAIN_AGAIN}") from None


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    odd = [name for name in names if name != _SCHEMA and not re.fullmatch(r"[0-9]+\.npy", name)]
    if odd or len(set(names)) < len(names) or _SCHEMA not in names:
        told = f"it holds {first_few(map(repr, odd))}" if odd else "its parts are missing or stand twice"
        raise ModelStoreError(f"the file is no model of funnelml: {told}; {_TRAIN_AGAIN}")
    size = sum(member.file_size for member in members)
    if size > MOST_BYTES:
        raise ModelStoreError(
            f"the model would unpack to {size / 2**20:,.0f} MB; the most is {MOST_BYTES / 2**20:,.0f} MB, so it is not "
            f"opened; {_TRAIN_AGAIN}"
        )
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise ModelStoreError(f"the file is packed in a way that funnelml never uses; {_TRAIN_AGAIN}")


def _check_types(schema: Any) -> None:
    foreign: dict[str, None] = {}
    for node in _walk(schema):
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        if name not in ALLOWED.get(node["__loader__"], frozenset()):
            foreign[name] = None
    if foreign:
        raise ModelStoreError(
            f"the model holds types that are not on the list of what a model may hold: {first_few(foreign)}; nothing "
            "was run. Use a model of funnelml"
        )
    if schema.get("protocol") != _protocol():
        raise ModelStoreError(f"the model was stored by another version of skops; {_TRAIN_AGAIN}")


def _protocol() -> int:
    """Return the version of the format that the installed skops writes; older ones have weaker checks."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(0))) as file:
        return int(json.loads(file.read(_SCHEMA))["protocol"])


def _check_array(content: bytes, name: str) -> None:
    """Refuse an array whose head claims another size than it has: numpy would reserve what is claimed."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is not None:
        shape, _, dtype = read(stream)
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize == len(content) - stream.tell():
            return
    raise ModelStoreError(f"array {name} of the model is not what its head says; {_TRAIN_AGAIN}")


def _line(error: Exception) -> str:
    """Return an error of a library in one line of bearable length."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:160]}" if text else type(error).__name__
