"""Which column of a source is meant by which canonical column."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from funnelml.errors import MappingError, did_you_mean
from funnelml.mapping.source import EVENT_LOG, Source
from funnelml.schema import TABLES, Column

Resolve = Callable[[Source, Sequence[object]], dict[str, str]]
"""Finds, for a source and the headings that exist, which columns are read, and by what name."""

_KEYS = ("funnel", "opportunity_id", "created_at", "recorded_at")
_LONGEST_LIST = 30


def mappable_columns(source: Source) -> dict[str, Column]:
    """Return the canonical columns that the source may fill, by name.

    An event log takes the columns of ``stage_changes``, the attributes of an opportunity, and any other mapped name as
    a text attribute.
    """
    if source.table != EVENT_LOG:
        return {c.name: c for c in TABLES[source.table].columns}
    attributes = {c.name: c for c in TABLES["opportunities"].columns if c.name not in _KEYS}
    others = {name: Column(name=name, kind="text") for name in source.columns}
    return others | attributes | {c.name: c for c in TABLES["stage_changes"].columns}


def resolve_columns(source: Source, headings: Sequence[object]) -> dict[str, str]:
    """Find the heading of every mapped canonical column.

    Parameters
    ----------
    source : Source
        What the workspace says about the source.
    headings : sequence
        The headings that exist, in order.

    Returns
    -------
    dict of str to str
        Canonical column to heading. Headings match exactly, or else without regard to case, spaces and full-width
        letters; columns that carry a canonical name need not be listed. ``recorded_at`` and ``funnel`` may be absent.

    Raises
    ------
    MappingError
        Naming every mapped column that does not exist, every required one that is not mapped, and what there is.
    """
    known = mappable_columns(source)
    names = [str(h) for h in headings]
    where = f"source '{source.name}'"
    if strange := [c for c in source.columns if c not in known]:
        hints = ", ".join(f"'{c}'{did_you_mean(c, known)}" for c in strange)
        raise MappingError(f"{where}: table {source.table} has no column {hints}; it has {', '.join(known)}")
    found: dict[str, str] = {}
    absent = []
    for canonical, wanted in source.columns.items():
        heading = _find(wanted, names, where)
        if heading is None:
            absent.append(f"'{wanted}' (for {canonical}){did_you_mean(wanted, names)}")
        else:
            found[canonical] = heading
    for canonical in known:
        told = canonical in source.columns or (canonical == "funnel" and source.funnel is not None)
        if not told and (heading := _find(canonical, names, where)) is not None:
            found[canonical] = heading
    given = {*found, *source.columns, "recorded_at", "funnel"}
    missing = [c.name for c in known.values() if c.required and c.name not in given]
    problems = []
    if absent:
        noun = "column" if len(absent) == 1 else "columns"
        problems.append(f"no {noun} {', '.join(absent)}")
    if missing:
        problems.append(f"nothing is mapped to {', '.join(missing)}")
    if problems:
        raise MappingError(
            f"{where}: {'; '.join(problems)}; the columns are {_list(names)}. Correct 'columns' in funnelml.toml"
        )
    return found


def every_column(source: Source, headings: Sequence[object]) -> dict[str, str]:
    """Return every heading by its own name, in order: nothing is mapped.

    Parameters
    ----------
    source : Source
        Where the headings stand.
    headings : sequence
        The headings; of several columns without one the first is taken.

    Raises
    ------
    MappingError
        If two columns have one heading.
    """
    names = [str(h) for h in headings]
    for name in filter(None, dict.fromkeys(names)):
        _find(name, names, f"source '{source.name}'")
    return {name: name for name in names}


def fold(text: str) -> str:
    """Return ``text`` without regard to case, spaces and full-width letters.

    Examples
    --------
    >>> fold(" Ｃlose  Date ")
    'closedate'
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("\ufeff\u200b")


def _find(wanted: str, names: Sequence[str], where: str) -> str | None:
    for same in (lambda name: name == wanted, lambda name: fold(name) == fold(wanted)):
        matches = [n for n in names if same(n)]
        if len(matches) > 1:
            raise MappingError(f"{where}: {len(matches)} columns are headed '{wanted}'; rename all but one")
        if matches:
            return matches[0]
    return None


def _list(names: Iterable[str]) -> str:
    shown = [n if len(n) <= 40 else n[:39] + "…" for n in names]
    more = f" and {len(shown) - _LONGEST_LIST} more" if len(shown) > _LONGEST_LIST else ""
    return ", ".join(f"'{n}'" for n in shown[:_LONGEST_LIST]) + more


def mapped_headings(columns: Mapping[str, str]) -> list[str]:
    """Return the headings to read, each once."""
    return list(dict.fromkeys(columns.values()))
