"""The settings of a workspace: ``funnelml.toml`` read, checked and turned into objects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from funnelml.errors import FunnelmlError, SettingsError, did_you_mean
from funnelml.history.dates import instant_of
from funnelml.history.funnel import Funnel, StageRename
from funnelml.history.templates import funnel_from_template
from funnelml.language import Language
from funnelml.mapping.source import Source
from funnelml.runs.diagnostic_settings import TABLES as DIAGNOSTIC_TABLES
from funnelml.runs.diagnostic_settings import DiagnosticSettings, parse_diagnostics
from funnelml.runs.scoring.settings import TABLES as SCORING_TABLES
from funnelml.runs.scoring.settings import ScoringSettings, parse_scoring
from funnelml.runs.stall.settings import TABLES as STALL_TABLES
from funnelml.runs.stall.settings import StallSettings, parse_stall

FILE_NAME = "funnelml.toml"
_OWN_TABLES = {**DIAGNOSTIC_TABLES, **SCORING_TABLES, **STALL_TABLES}
_TOP: Mapping[str, type | tuple[type, ...]] = {
    "version": int,
    "time_zone": str,
    "currency": str,
    "language": str,
    "grain": str,
    "engine": str,
    "fiscal_year_start": int,
    "max_unreadable": (int, float),
    "exported_at": date,
    "funnel": list,
    "source": list,
    "quota": list,
    **_OWN_TABLES,
}
_FUNNEL: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "template": str,
    "language": str,
    "stages": list,
    "won": list,
    "lost": list,
    "probabilities": dict,
    "observed_from": date,
    "rename": list,
}
_RENAME: Mapping[str, type | tuple[type, ...]] = {"old": str, "new": str, "until": date}
_QUOTA: Mapping[str, type | tuple[type, ...]] = {
    "start": date,
    "end": date,
    "amount": (int, float),
    "funnel": str,
}
_SOURCE: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "table": str,
    "columns": dict,
    "funnel": str,
    "file": str,
    "sheet": str,
    "encoding": str,
    "delimiter": str,
    "sql": str,
    "attach": list,
    "system": str,
    "match": list,
    "null_values": list,
    "decimal": str,
    "day_first": bool,
}
_CHOICES = {"grain": ("instant", "day"), "engine": ("duckdb", "pandas"), "language": ("en", "zh")}


@dataclass(frozen=True, kw_only=True)
class Quota:
    """An amount to be booked from ``start`` to ``end``, both days included.

    ``funnel`` is None if the workspace has one funnel.
    """

    start: date
    end: date
    amount: float
    funnel: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What ``funnelml.toml`` says.

    Parameters
    ----------
    root : pathlib.Path
        The workspace's folder; paths in the settings are relative to it.
    funnels, sources, quotas : tuple
        What moves, where its rows come from, what is to be booked.
    time_zone, currency, grain, engine : str
        IANA zone, reporting currency, ``instant`` or ``day``, ``duckdb`` or ``pandas``.
    language : {"en", "zh"}
        Language of the sentences that results say.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    max_unreadable : float
        Share of unreadable rows past which a load stops.
    exported_at : datetime.date or None
        Day of the export: later dates in the data are mistakes.
    diagnostics : DiagnosticSettings
        Benchmarks, entry criteria, loss reasons, warnings and changes of process.
    scoring : ScoringSettings
        What is scored, how it is graded, and the points of BANT.
    stall : StallSettings
        How open records are judged stalled or hopeless.
    """

    root: Path
    funnels: tuple[Funnel, ...]
    sources: tuple[Source, ...]
    quotas: tuple[Quota, ...] = ()
    time_zone: str = "UTC"
    currency: str = ""
    grain: str = "instant"
    engine: str = "duckdb"
    language: Language = "en"
    fiscal_year_start: int = 1
    max_unreadable: float = 0.05
    exported_at: date | None = None
    diagnostics: DiagnosticSettings = field(default_factory=DiagnosticSettings)
    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    stall: StallSettings = field(default_factory=StallSettings)


def read_settings(workspace: Path) -> Settings:
    """Read the settings of a workspace.

    Parameters
    ----------
    workspace : pathlib.Path
        Folder that holds ``funnelml.toml``.

    Raises
    ------
    SettingsError
        If the file is missing, is not TOML, or says something that cannot be.
    """
    path = workspace / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise SettingsError(
            f"no {FILE_NAME} in {workspace}; make a workspace with: funnelml demo DIR, or: funnelml init DIR"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    try:
        return parse_settings(told, root=workspace)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    except FunnelmlError as error:
        raise SettingsError(f"{path}: {error}") from error


def parse_settings(told: Mapping[str, Any], *, root: Path) -> Settings:
    """Turn the parsed TOML into settings.

    Raises
    ------
    SettingsError
        Naming the key and, where there is a close one, what was probably meant.
    """
    _check(told, _TOP, "")
    if told.get("version") != 1:
        raise SettingsError(f"version is {told.get('version')!r}; this funnelml reads version = 1")
    for key, choices in _CHOICES.items():
        if told.get(key, choices[0]) not in choices:
            raise SettingsError(f"{key} = '{told[key]}' is not one of {', '.join(choices)}")
    zone = told.get("time_zone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"time_zone '{zone}' is not an IANA zone such as Europe/Berlin or Asia/Shanghai") from None
    if not 1 <= told.get("fiscal_year_start", 1) <= 12:
        raise SettingsError(f"fiscal_year_start is {told['fiscal_year_start']}; it is a month, 1 to 12")
    if not 0 <= told.get("max_unreadable", 0.05) <= 1:
        raise SettingsError(f"max_unreadable is {told['max_unreadable']}; it is a share, 0 to 1")
    funnels = tuple(_funnel(f, zone) for f in told.get("funnel", ()))
    sources = tuple(_source(s, i) for i, s in enumerate(told.get("source", ()), start=1))
    for what, entries in (("[[funnel]]", funnels), ("[[source]]", sources)):
        if not entries:
            raise SettingsError(f"there is no {what}; describe at least one")
        names = [e.name for e in entries]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise SettingsError(f"two {what} entries are named '{twice[0]}'")
    for source in sources:
        names = [f.name for f in funnels]
        if source.funnel is not None and source.funnel not in names:
            hint = did_you_mean(source.funnel, names)
            raise SettingsError(f"source '{source.name}' names an unknown funnel '{source.funnel}'{hint}")
    plain = {k: told[k] for k in _TOP if k in told and k not in ("version", "funnel", "source", "quota", *_OWN_TABLES)}
    return Settings(
        root=root,
        funnels=funnels,
        sources=sources,
        quotas=_quotas(told.get("quota", ())),
        diagnostics=parse_diagnostics(told, funnels, _check),
        scoring=parse_scoring(told, funnels, _check),
        stall=parse_stall(told, funnels, _check),
        **plain,
    )


def _check(told: Mapping[str, Any], known: Mapping[str, type | tuple[type, ...]], where: str) -> None:
    for key, value in told.items():
        if key not in known:
            raise SettingsError(f"{where}unknown key '{key}'{did_you_mean(key, known)}")
        kinds = known[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            wanted = kinds.__name__ if isinstance(kinds, type) else " or ".join(k.__name__ for k in kinds)
            raise SettingsError(f"{where}'{key}' must be {wanted}, not {value!r}")
        if kinds is date and isinstance(value, datetime):
            raise SettingsError(f"{where}'{key}' is a day, without a time: {value.date()}")


def _funnel(told: Mapping[str, Any], zone: str) -> Funnel:
    where = f"[[funnel]] '{told.get('name', '')}': "
    _check(told, _FUNNEL, where)
    if "template" not in told and "name" not in told:
        raise SettingsError("a [[funnel]] needs a name (or a template)")
    parts: dict[str, Any] = {k: tuple(map(str, told[k])) for k in ("stages", "won", "lost") if k in told}
    for rename in told.get("rename", ()):
        _check(rename, _RENAME, f"{where}rename: ")
        if missing := [k for k in _RENAME if k not in rename]:
            raise SettingsError(f"{where}a rename needs old, new and until; '{missing[0]}' is missing")
    parts["renames"] = tuple(
        StageRename(old=r["old"], new=r["new"], until=instant_of(r["until"], zone)) for r in told.get("rename", ())
    )
    parts["probabilities"] = dict(told.get("probabilities", {}))
    if "observed_from" in told:
        parts["observed_from"] = instant_of(told["observed_from"], zone)
    if "template" in told:
        base = funnel_from_template(told["template"], language=told.get("language", "en"))
        parts = {"stages": base.stages, "won": base.won, "lost": base.lost} | parts
    return Funnel(name=told.get("name", told.get("template", "")), **({"stages": ()} | parts))


def _source(told: Mapping[str, Any], number: int) -> Source:
    where = f"[[source]] '{told.get('name', number)}': "
    _check(told, _SOURCE, where)
    if "table" not in told:
        raise SettingsError(f"{where}'table' is missing: the canonical table it fills, or \"event_log\"")
    values = {k: tuple(map(str, v)) if isinstance(v, list) else v for k, v in told.items()}
    return Source(**({"name": str(told.get("file", f"source {number}")), "columns": {}} | values))


def _quotas(told: Any) -> tuple[Quota, ...]:
    for quota in told:
        _check(quota, _QUOTA, "[[quota]]: ")
        if missing := [k for k in ("start", "end", "amount") if k not in quota]:
            raise SettingsError(f"a [[quota]] needs start, end and amount; '{missing[0]}' is missing")
    return tuple(Quota(**q) for q in told)
