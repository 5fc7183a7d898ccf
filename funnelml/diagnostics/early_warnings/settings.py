"""Warning rules from settings: names and thresholds that are checked before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from funnelml.diagnostics.early_warnings.rule import WarningRule
from funnelml.diagnostics.early_warnings.rules import WARNING_RULES
from funnelml.errors import SettingsError, did_you_mean


def make_rule(settings: Mapping[str, object]) -> WarningRule:
    """Make a rule from its settings: ``rule`` is its name, the rest are thresholds.

    Raises
    ------
    SettingsError
        If there is no such rule or threshold, or a threshold has the wrong type or is negative.

    Examples
    --------
    >>> make_rule({"rule": "no_activity", "days": 14}).describe()
    'no activity for 14 days'
    """
    name = str(settings.get("rule", ""))
    if name not in WARNING_RULES:
        known = ", ".join(WARNING_RULES)
        raise SettingsError(f"warning: no rule '{name}'{did_you_mean(name, WARNING_RULES)}; there are {known}")
    kind = WARNING_RULES[name]
    defaults = {f.name: f.default for f in fields(kind)}
    given = {key: value for key, value in settings.items() if key != "rule"}
    for key, value in given.items():
        if key not in defaults:
            known = ", ".join(defaults) or "none"
            raise SettingsError(
                f"warning '{name}': no threshold '{key}'{did_you_mean(key, defaults)}; there are {known}"
            )
        given[key] = _checked(f"warning '{name}': '{key}'", value, defaults[key])
    return kind(**given)


def _checked(what: str, value: object, default: object) -> object:
    if isinstance(default, tuple):
        if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise SettingsError(f"{what} is {value!r}; write a list of field names")
    whole = isinstance(default, int) and what.endswith("'times'")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= int(whole):
        raise SettingsError(
            f"{what} is {value!r}; write {'a whole number from 1 on' if whole else 'a number from 0 on'}"
        )
    return value
