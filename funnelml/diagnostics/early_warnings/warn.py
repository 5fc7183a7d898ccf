"""Early warnings: which open records a rule warns of today, and how often the rule was right before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np
import pandas as pd

from funnelml.diagnostics.early_warnings.precision import Finder, follow_warnings, measure_precision, past_dates
from funnelml.diagnostics.early_warnings.result import EarlyWarnings
from funnelml.diagnostics.early_warnings.rule import WarningRule, Words
from funnelml.diagnostics.early_warnings.rules import DEFAULT_RULES
from funnelml.errors import AsOfError, InputError, NotEnoughDataError
from funnelml.history.history import History
from funnelml.history.record_log import RecordLog, local_days, read_log
from funnelml.history.snapshot import take_snapshot

__all__ = ["EarlyWarnings", "StageRule", "warn"]

_NO_STAGE_RULES: Mapping[str, StageRule] = MappingProxyType({})


class StageRule(Protocol):
    """A rule about stages: a function of what is known on a date."""

    def __call__(self, history: History, *, as_of: date, funnel: str) -> pd.DataFrame:
        """Return one row per warning: ``subject`` (a stage), ``reason``, and if it has one ``reason_zh``."""


def warn(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    rules: Sequence[WarningRule] = DEFAULT_RULES,
    stage_rules: Mapping[str, StageRule] = _NO_STAGE_RULES,
    horizon_days: int = 60,
    currency: str = "",
    level: float = 0.8,
) -> EarlyWarnings:
    """Warn of open records, and say of each rule how often it was right before.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    rules : sequence of WarningRule
        Rules about records, each name once.
    stage_rules : mapping of str to StageRule
        Rules about stages by name. A warning of a stage is right about its open records if they do not go on; where
        such a rule raises ``AsOfError`` or ``NotEnoughDataError``, it does not judge that date.
    horizon_days : int
        Days within which a record is to go on, for a warning of it to have been wrong.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.

    Returns
    -------
    EarlyWarnings
        Without a warning if nothing had been recorded by then.

    Raises
    ------
    InputError
        If a rule is named twice, or the horizon is not at least one day.
    FunnelError
        If there is no such funnel.
    """
    names = [*(rule.name for rule in rules), *stage_rules]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise InputError(f"warning rule '{twice[0]}' is given twice; keep one of them")
    if horizon_days < 1:
        raise InputError(f"horizon_days is {horizon_days}; a warning needs at least one day to be right or wrong")
    log = read_log(history, as_of=as_of, funnel=funnel)
    ranks = log.last_ranks()
    ranks = ranks[ranks < len(log.funnel.stages)]
    not_judged = {rule.name: (rule.why_not(log), rule.why_not(log, "zh")) for rule in rules if rule.why_not(log)}
    judged = [rule for rule in rules if rule.name not in not_judged]
    found = [_warn_of_records(rule, log, ranks) for rule in judged]
    # A rule may warn today by a value of which the past is unknown; how often it was right is then unknown too.
    not_judged |= {
        r.name: (r.why_unmeasured(log), r.why_unmeasured(log, "zh")) for r in judged if r.why_unmeasured(log)
    }
    measured_rules = [rule for rule in judged if rule.name not in not_judged]
    finders: dict[str, Finder] = {r.name: partial(_find_records, r, r.first_judged(log)) for r in measured_rules}
    for name, stage_rule in stage_rules.items():
        try:
            found.append(_warn_of_stages(name, stage_rule(history, as_of=as_of, funnel=log.funnel.name)))
            finders[name] = partial(_find_stages, stage_rule, history, log.funnel.name)
        except (AsOfError, NotEnoughDataError) as error:
            not_judged[name] = (str(error), str(error))
    dates = past_dates(log, as_of=as_of, horizon_days=horizon_days, history=history)
    followed = follow_warnings(log, finders, dates, horizon_days=horizon_days, history=history)
    measured = measure_precision(followed, names, level=level)
    measured.loc[list(not_judged), "verdict"] = "not_judged"
    warnings = pd.concat(found, ignore_index=True) if found else _warn_of_stages("", pd.DataFrame())
    warnings = _describe(warnings, history, log, ranks, as_of)
    now = warnings["rule"].value_counts()
    threshold = {rule.name: rule.threshold for rule in rules}
    return EarlyWarnings(
        as_of=as_of,
        funnel=log.funnel.name,
        horizon_days=horizon_days,
        currency=currency,
        open_records=len(ranks),
        warnings=warnings,
        rules=measured.reset_index().assign(
            threshold=[threshold.get(n, "") for n in names], warned_now=[int(now.get(n, 0)) for n in names]
        )[["rule", "threshold", "warned_now", *measured.columns]],
        dates=tuple(dates),
        names={rule.name: (rule.describe(), rule.describe("zh")) for rule in rules},
        not_judged=not_judged,
    )


def _warn_of_records(rule: WarningRule, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
    found = rule.find(log, ranks)
    words: list[Words] = [(rule.explain(v), rule.explain(v, "zh")) for v in found["value"]]
    return found[["record_id", "since"]].assign(
        rule=rule.name, stage=None, reason=[w[0] for w in words], reason_zh=[w[1] for w in words]
    )


def _warn_of_stages(name: str, found: pd.DataFrame) -> pd.DataFrame:
    if found.empty:
        columns = ("record_id", "since", "rule", "stage", "reason", "reason_zh")
        return pd.DataFrame({c: pd.Series(dtype="float64" if c == "since" else object) for c in columns})
    reason_zh = found["reason_zh"] if "reason_zh" in found else found["reason"]
    plain = found[["reason"]].assign(reason_zh=reason_zh, stage=found["subject"], rule=name)
    return plain.assign(record_id=None, since=np.nan)


def _find_records(rule: WarningRule, first: int, log: RecordLog, ranks: pd.Series, day: date) -> pd.Index | None:
    return None if log.cut <= first else pd.Index(rule.find(log, ranks)["record_id"])


def _find_stages(
    rule: StageRule, history: History, funnel: str, log: RecordLog, ranks: pd.Series, day: date
) -> pd.Index | None:
    try:
        found = rule(history, as_of=day, funnel=funnel)
    except (AsOfError, NotEnoughDataError):
        return None
    subjects = set() if found.empty else set(found["subject"])
    warned = [rank for rank, stage in enumerate(log.funnel.stages) if stage in subjects]
    return ranks.index[ranks.isin(warned)]


def _describe(warnings: pd.DataFrame, history: History, log: RecordLog, ranks: pd.Series, as_of: date) -> pd.DataFrame:
    columns = ["record_id", "stage", "owner", "amount", "rule", "reason", "reason_zh", "since"]
    if ranks.empty or warnings.empty:
        return warnings.assign(owner=None, amount=np.nan, since=pd.Series(dtype=object))[columns]
    records = take_snapshot(history, as_of=as_of, funnel=log.funnel.name).records.set_index("record_id")
    of = records.reindex(warnings["record_id"])
    stage = pd.Series(of["stage"].to_numpy(dtype=object), index=warnings.index)
    since = pd.Series(None, index=warnings.index, dtype=object)
    dated = warnings["since"].notna()
    since[dated] = local_days(warnings.loc[dated, "since"].astype("int64"), log.time_zone).dt.date
    owner = of["owner"].astype(object)
    table = warnings.assign(
        stage=stage.where(warnings["record_id"].notna(), warnings["stage"]),
        owner=owner.where(owner.notna(), None).to_numpy(dtype=object),
        amount=of["amount"].to_numpy(dtype=float),
        since=since,
    )
    return table[columns].sort_values("amount", ascending=False, kind="stable", ignore_index=True)
