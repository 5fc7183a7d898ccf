"""What ``funnelml.toml`` says of diagnostics: benchmarks, entry criteria, loss reasons, warnings, process changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from funnelml.diagnostics.before_after.compare import ProcessChange
from funnelml.diagnostics.changes.benchmarks import Benchmark
from funnelml.diagnostics.early_warnings.rule import WarningRule
from funnelml.diagnostics.early_warnings.rules import DEFAULT_RULES
from funnelml.diagnostics.early_warnings.settings import make_rule
from funnelml.diagnostics.integrity.entry_criteria import EntryCriterion
from funnelml.diagnostics.losses.rules import ReasonRules
from funnelml.errors import FunnelmlError, SettingsError, did_you_mean
from funnelml.history.funnel import LOST, WON, Funnel

Kinds = Mapping[str, type | tuple[type, ...]]
Thing = TypeVar("Thing")

_BENCHMARK: Kinds = {"funnel": str, "stage": str, "conversion": (int, float), "kind": str}
_CRITERION: Kinds = {"funnel": str, "stage": str, "field": str, "activity": str}
_CHANGE: Kinds = {
    "funnel": str,
    "name": str,
    "date": date,
    "stage": str,
    "measure": str,
    "treated_by": str,
    "treated": list,
}
TABLES: Kinds = {
    "benchmark": list,
    "entry_criterion": list,
    "loss_reasons": dict,
    "warning": list,
    "process_change": list,
}
"""Keys of ``funnelml.toml`` that are read here."""


@dataclass(frozen=True, kw_only=True)
class DiagnosticSettings:
    """What diagnostics are told beside the data.

    Parameters
    ----------
    benchmarks, criteria, changes : mapping of str to tuple
        By the name of the funnel: rates to be held against, what a stage asks for at entry, changes of process.
    reasons : ReasonRules
        The user's words for loss reasons.
    warnings : tuple of WarningRule
        Rules of early warning: the defaults, those of the same name replaced.
    """

    benchmarks: Mapping[str, tuple[Benchmark, ...]] = field(default_factory=dict)
    criteria: Mapping[str, tuple[EntryCriterion, ...]] = field(default_factory=dict)
    changes: Mapping[str, tuple[ProcessChange, ...]] = field(default_factory=dict)
    reasons: ReasonRules = field(default_factory=ReasonRules)
    warnings: tuple[WarningRule, ...] = DEFAULT_RULES


def parse_diagnostics(
    told: Mapping[str, Any], funnels: Sequence[Funnel], check: Callable[[Mapping[str, Any], Kinds, str], None]
) -> DiagnosticSettings:
    """Turn the tables of ``TABLES`` into settings.

    Parameters
    ----------
    told : mapping
        The parsed TOML.
    funnels : sequence of Funnel
        Funnels of the workspace; an entry without ``funnel`` means the first.
    check : callable
        Refuses unknown keys and wrong types of one entry.

    Raises
    ------
    SettingsError
        Naming the entry, and what was probably meant.
    """

    def read(
        table: str, kinds: Kinds, needs: tuple[str, ...], make: Callable[..., Thing]
    ) -> dict[str, tuple[Thing, ...]]:
        found: dict[str, tuple[Thing, ...]] = {}
        for number, entry in enumerate(told.get(table, ()), start=1):
            where = f"[[{table}]] {number}: "
            if not isinstance(entry, Mapping):
                raise SettingsError(f"{where}write it as a table of its own under [[{table}]], not as {entry!r}")
            check(entry, kinds, where)
            if missing := [key for key in needs if key not in entry]:
                raise SettingsError(f"{where}'{missing[0]}' is missing; it needs {', '.join(needs)}")
            funnel = _funnel_of(entry, funnels, where)
            known = (*funnel.stages, WON, LOST) if table == "entry_criterion" else funnel.stages
            if entry["stage"] not in known:
                hint = did_you_mean(entry["stage"], known)
                raise SettingsError(f"{where}funnel '{funnel.name}' has no stage '{entry['stage']}'{hint}")
            values = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items() if key != "funnel"}
            try:
                found[funnel.name] = (*found.get(funnel.name, ()), make(**values))
            except FunnelmlError as error:
                raise SettingsError(f"{where}{error}") from None
        return found

    benchmarks = read("benchmark", _BENCHMARK, ("stage", "conversion"), Benchmark)
    for mark in (mark for marks in benchmarks.values() for mark in marks):
        if mark.kind not in ("industry", "target") or not 0 < mark.conversion < 1:
            raise SettingsError(
                f"[[benchmark]] '{mark.stage}': conversion is a share between 0 and 1 and kind is industry or target, "
                f"not {mark.conversion} and '{mark.kind}'"
            )
    try:
        reasons = ReasonRules(words=dict(told.get("loss_reasons", {})))
    except FunnelmlError as error:
        raise SettingsError(f"[loss_reasons]: {error}") from None
    own = _warnings(told.get("warning", ()))
    changes = read("process_change", _CHANGE, ("name", "date", "stage"), ProcessChange)
    for funnel, entries in changes.items():
        names = [change.name for change in entries]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SettingsError(f"[[process_change]]: funnel '{funnel}' has two that are named '{twice[0]}'")
    return DiagnosticSettings(
        benchmarks=benchmarks,
        criteria=read("entry_criterion", _CRITERION, ("stage",), EntryCriterion),
        changes=changes,
        reasons=reasons,
        warnings=tuple(own.get(rule.name, rule) for rule in DEFAULT_RULES),
    )


def _warnings(entries: Sequence[Any]) -> dict[str, WarningRule]:
    own: dict[str, WarningRule] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise SettingsError(f"[[warning]] {number}: write it as a table of its own, not as {entry!r}")
        rule = make_rule(entry)
        if rule.name in own:
            raise SettingsError(
                f"[[warning]] {number}: rule '{rule.name}' is there twice; each has one set of thresholds"
            )
        own[rule.name] = rule
    return own


def _funnel_of(entry: Mapping[str, Any], funnels: Sequence[Funnel], where: str) -> Funnel:
    names = [funnel.name for funnel in funnels]
    name = entry.get("funnel", names[0])
    if name not in names:
        raise SettingsError(f"{where}there is no funnel '{name}'{did_you_mean(name, names)}")
    return funnels[names.index(name)]
