"""Make a workspace: from an event log, whose stage order is proposed, or from a template to be filled in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from funnelml.errors import MappingError, SettingsError, SourceError, did_you_mean
from funnelml.history.funnel import Funnel
from funnelml.history.propose import propose_funnel
from funnelml.history.templates import funnel_from_template
from funnelml.io.read import read_raw
from funnelml.mapping.apply import map_source
from funnelml.mapping.source import EVENT_LOG, Source
from funnelml.runs.notebooks import copy_notebooks
from funnelml.runs.settings import FILE_NAME

_OFFSET = re.compile(r"([+-]\d{2}):?(\d{2})$")
_ZONE_OF_OFFSETS = {
    frozenset({"+0800"}): "Asia/Shanghai",
    frozenset({"+0100", "+0200"}): "Europe/Berlin",
    frozenset({"+0000", "+0100"}): "Europe/London",
    frozenset({"-0500", "-0400"}): "America/New_York",
    frozenset({"-0800", "-0700"}): "America/Los_Angeles",
}


def init_from_log(
    root: Path,
    *,
    log: Path,
    columns: Mapping[str, str | None],
    won: Sequence[str],
    lost: Sequence[str],
    time_zone: str | None = None,
    currency: str = "",
) -> str:
    """Make a workspace from an event log, proposing the stage order from the paths of won records.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the new workspace.
    log : pathlib.Path
        One row per stage change.
    columns : mapping of str to str
        Canonical column (``record_id, stage, entered_at, amount, ...``) to the log's column.
    won, lost : sequence of str
        Stage names of the two ends.
    time_zone, currency : str, optional
        IANA zone (guessed from the offsets in the log where not given) and reporting currency.

    Returns
    -------
    str
        What was written, for print.

    Raises
    ------
    SettingsError
        If the folder is a workspace already.
    FunnelmlError
        If the log cannot be used; nothing is written then.
    """
    _refuse_workspace(root)
    options = {"record_id": "--case", "stage": "--stage", "entered_at": "--time"}
    if missing := [option for column, option in options.items() if not columns.get(column)]:
        raise MappingError(f"an event log needs {', '.join(missing)}: the column with that content")
    if not won or not lost:
        raise SettingsError("name the stages that end a record: --won A,B --lost C,D")
    if not log.is_file():
        hint = did_you_mean(log.name, [path.name for path in log.parent.glob("*")])
        raise SourceError(f"there is no event log {log}{hint}; give the path of an existing file")
    mapped_columns = {k: v for k, v in columns.items() if v is not None}
    source = Source(name="event log", table=EVENT_LOG, columns=mapped_columns, funnel="sales", file=str(log.absolute()))
    raw = read_raw(source, Path())
    zone, guessed = (time_zone, False) if time_zone else _guess_zone(raw.frame[columns["entered_at"]])
    changes = map_source(raw.frame, source, time_zone=zone, grain="instant").tables["stage_changes"]
    funnel = propose_funnel(changes, name="sales", won=won, lost=lost)
    local = pd.to_datetime(changes["entered_at"], unit="us", utc=True).dt.tz_convert(zone)
    grain = "day" if (local == local.dt.normalize()).all() else "instant"
    relative = os.path.relpath(log.absolute(), root.absolute())
    text = _HEAD.format(zone=zone, currency=currency, grain=grain) + _funnel_text(funnel)
    text += _source_text(relative, mapped_columns)
    _write_workspace(root, text)
    told = f"Stages proposed from {changes['record_id'].nunique():,} records: {' > '.join(funnel.stages)}."
    if guessed:
        told += f" Time zone {zone} guessed from the log; correct it if days begin elsewhere."
    return f"{told} Written to {root / FILE_NAME}: read it, then run: funnelml check --workspace {root}"


def init_from_template(root: Path, *, template: str, language: str = "en") -> str:
    """Make a workspace from a stage template; its source is left for a person to fill in.

    Raises
    ------
    SettingsError
        If the folder is a workspace already.
    FunnelError
        If there is no such template.
    """
    _refuse_workspace(root)
    funnel = funnel_from_template(template, name="sales", language=language)
    zone = "Asia/Shanghai" if language == "zh" else "UTC"
    currency = "CNY" if language == "zh" else ""
    text = _HEAD.format(zone=zone, currency=currency, grain="instant") + _funnel_text(funnel)
    commented = _source_text("data/raw/stage_changes.csv", _EXAMPLE_COLUMNS)
    text += "".join(f"# {line}\n" if line else "\n" for line in commented.splitlines())
    _write_workspace(root, text)
    return f"Written to {root / FILE_NAME}: name your stages, describe the source at its end, then run: funnelml check"


_EXAMPLE_COLUMNS = {
    "record_id": "Opportunity ID",
    "stage": "Stage",
    "entered_at": "Changed at",
    "amount": "Amount",
}
_HEAD = """\
# The settings of this workspace. Every key is explained in the README.
version = 1
time_zone = "{zone}"        # where a day begins
currency = "{currency}"
grain = "{grain}"           # "day" if the source knows only dates
fiscal_year_start = 1       # month

"""


def _funnel_text(funnel: Funnel) -> str:
    def names(values: Sequence[str]) -> str:
        return json.dumps(list(values), ensure_ascii=False)

    return (
        f"[[funnel]]\nname = {json.dumps(funnel.name, ensure_ascii=False)}\n"
        f"stages = {names(funnel.stages)}   # in order\nwon = {names(funnel.won)}\nlost = {names(funnel.lost)}\n\n"
    )


def _source_text(file: str, columns: Mapping[str, str]) -> str:
    lines = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in columns.items()]
    head = f'[[source]]\ntable = "{EVENT_LOG}"\nfunnel = "sales"\nfile = {json.dumps(file, ensure_ascii=False)}\n'
    return head + "\n[source.columns]\n" + "\n".join(lines) + "\n"


def _guess_zone(times: pd.Series) -> tuple[str, bool]:
    found = times.dropna().astype(str).str.strip().str.extract(_OFFSET)
    offsets = frozenset((found[0] + found[1]).dropna().unique())
    return _ZONE_OF_OFFSETS.get(offsets, "UTC"), True


def _refuse_workspace(root: Path) -> None:
    if (root / FILE_NAME).exists():
        raise SettingsError(f"{root / FILE_NAME} exists already; edit it, or choose another folder")
    if root.exists() and not root.is_dir():
        raise SettingsError(f"{root} is a file; choose a folder")


def _write_workspace(root: Path, text: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    copy_notebooks(root)
    unfinished = root / f".{FILE_NAME}.tmp"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(root / FILE_NAME)
