"""Conversion against benchmarks: industry or target rates, judged on the last half year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import beta
from statsmodels.stats.proportion import proportion_confint

from funnelml.diagnostics.changes.exits import collect_exits
from funnelml.diagnostics.changes.gap_size import QUARTER_WEEKS, Worth, value_stages
from funnelml.diagnostics.changes.gaps import shared_by_all
from funnelml.diagnostics.changes.settled import unsettled_weeks
from funnelml.diagnostics.changes.shared_shocks import BLOCK
from funnelml.errors import FunnelError, did_you_mean
from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language, join_words, say, share, short_amount

WEEKS: Final = 26
"""Weeks on which a stage is judged."""
LEAST_EXITS: Final = 20
_LOOKS: Final = 52
COLUMNS: Final = (
    "stage",
    "kind",
    "benchmark",
    "exits",
    "share",
    "low",
    "high",
    "verdict",
    "records",
    "wins",
    "amount",
)


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A rate that the conversion of a stage is held against.

    Parameters
    ----------
    stage : str
        Stage of the funnel.
    conversion : float
        Share of the stays in the stage that should go on, in (0, 1).
    kind : {"industry", "target"}
        Where the rate comes from.
    """

    stage: str
    conversion: float
    kind: Literal["industry", "target"] = "target"


@dataclass(frozen=True, kw_only=True)
class BenchmarkComparison:
    """Stages against their benchmarks, as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    table : pandas.DataFrame
        One row per benchmark: ``stage, kind, benchmark``; ``exits`` of the last 26 weeks, the ``share`` that went on
        with its interval (Wilson, widened for the shocks that the records of the same weeks share); ``verdict``:
        ``below``, ``above``, ``in line`` or ``too few``; what the difference means per quarter: ``records`` that go
        on, ``wins``, and ``amount`` won (NaN where it is not known), negative if the stage is below.
    rate : float
        Chance that a stage at its benchmark is called below it at any Monday of a year, over all benchmarks.
    level : float
        Level of the intervals.
    currency : str
        Reporting currency.
    """

    as_of: date
    table: pd.DataFrame
    rate: float
    level: float
    currency: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per benchmark."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return which stages are below their benchmark and what that costs, in words."""
        if self.table.empty:
            return say(language, en="No benchmarks are set.", zh="未设置转化率基准。")
        below = self.table[self.table["verdict"] == "below"]
        if below.empty:
            few = int((self.table["verdict"] == "too few").sum())
            return say(
                language,
                en=f"Below none of {len(self.table) - few} benchmarks that can be judged"
                + (f"; for {few} fewer than {LEAST_EXITS} records left the stage in half a year." if few else "."),
                zh=f"可判断的 {len(self.table) - few} 项基准均未低于"
                + (f"；另有 {few} 项半年内离开的记录不足 {LEAST_EXITS} 条。" if few else "。"),
            )
        told = [_describe(dict(row), self.currency, language) for _, row in below.iterrows()]
        return say(
            language,
            en=f"Below the benchmark: {join_words(told)}.",
            zh=f"低于基准：{join_words(told, 'zh')}。",
        )


def compare_benchmarks(
    history: History,
    *,
    as_of: date,
    benchmarks: Sequence[Benchmark],
    funnel: str | None = None,
    rate: float = 0.05,
    level: float = 0.8,
    currency: str = "",
    fiscal_year_start: int = 1,
) -> BenchmarkComparison:
    """Hold the share of stays that went on in the last 26 weeks against benchmarks.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    benchmarks : sequence of Benchmark
        Rates by stage.
    funnel : str, optional
        Name of the funnel; the first by default.
    rate : float
        Chance of at least one false ``below`` in a year of weekly looks, over all benchmarks (Bonferroni); as much for
        ``above``.
    level : float
        Level of the intervals.
    currency : str
        Reporting currency.
    fiscal_year_start : int
        Month in which the fiscal year begins.

    Returns
    -------
    BenchmarkComparison

    Raises
    ------
    FunnelError
        If a benchmark names a stage that is not in the funnel, or is no share between 0 and 1.
    """
    of = history.funnel(funnel)
    for mark in benchmarks:
        if mark.stage not in of.stages:
            hint = did_you_mean(mark.stage, of.stages)
            known = ", ".join(of.stages)
            raise FunnelError(f"benchmark for unknown stage '{mark.stage}'{hint}; the stages are {known}")
        if not 0 < mark.conversion < 1:
            raise FunnelError(f"benchmark of '{mark.stage}' is {mark.conversion}; it must lie between 0 and 1")
    if not benchmarks:
        return BenchmarkComparison(
            as_of=as_of, table=pd.DataFrame(columns=list(COLUMNS)), rate=rate, level=level, currency=currency
        )
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    exits = collect_exits(
        episodes,
        snapshot,
        time_zone=history.time_zone,
        fiscal_year_start=fiscal_year_start,
        unsettled_weeks=unsettled_weeks(history, episodes),
    )
    stage = exits.table["stage"].to_numpy()
    tau2 = shared_by_all(exits.series(exits.table["expected"].to_numpy(), len(of.stages)))
    recent = exits.table["week"].to_numpy() >= exits.weeks - WEEKS
    chance = rate / (_LOOKS * len(benchmarks))
    worth = value_stages(episodes, snapshot)
    rows = []
    for mark in benchmarks:
        s = of.order[mark.stage]
        inside = recent & (stage == s)
        n, on = int(inside.sum()), int(exits.table["went_on"].to_numpy()[inside].sum())
        seen = exits.table["week"].to_numpy()[inside]
        weeks = exits.weeks - int(seen.min()) if n else 0
        told = _judge(mark, n, on, weeks=weeks, tau2=tau2, chance=chance, level=level)
        rows.append(told | _cost(mark, n, on, worth, s, weeks=weeks))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return BenchmarkComparison(as_of=as_of, table=table, rate=rate, level=level, currency=currency)


def _judge(mark: Benchmark, n: int, on: int, *, weeks: int, tau2: float, chance: float, level: float) -> dict[str, Any]:
    told: dict[str, Any] = {"stage": mark.stage, "kind": mark.kind, "benchmark": mark.conversion, "exits": n}
    if n < LEAST_EXITS:
        seen = on / n if n else np.nan
        return told | {"share": seen, "low": np.nan, "high": np.nan, "verdict": "too few"}
    p = mark.conversion
    information = n * p * (1 - p)
    # Shocks shared within a month do not average out over the records: fewer of them count as independent.
    inflation = 1 + tau2 * BLOCK / weeks * information
    low, high = proportion_confint(on / inflation, n / inflation, alpha=1 - level, method="wilson")
    # Exact binomial tails, by the beta law since counts are no whole numbers: near 0 and 1 a normal bound cries wolf.
    k, m = on / inflation, n / inflation
    below, above = beta.sf(p, k + 1, max(m - k, 1e-9)), beta.cdf(p, max(k, 1e-9), m - k + 1)
    verdict = "below" if below < chance else "above" if above < chance else "in line"
    return told | {"share": on / n, "low": float(low), "high": float(high), "verdict": verdict}


def _cost(mark: Benchmark, n: int, on: int, worth: Worth, stage: int, *, weeks: int) -> dict[str, float]:
    if n < LEAST_EXITS:
        return {"records": np.nan, "wins": np.nan, "amount": np.nan}
    records = (on - n * mark.conversion) * QUARTER_WEEKS / weeks
    wins = records * float((worth.wins[stage] + 0.5) / (worth.tries[stage] + 1.0))
    return {"records": records, "wins": wins, "amount": wins * float(worth.amount[stage])}


def _describe(row: dict[str, Any], currency: str, language: Language) -> str:
    amount = abs(row["amount"])
    priced = amount == amount  # NaN where no amount is known
    worth_en = f", {short_amount(amount, currency)} a quarter" if priced else ""
    worth_zh = f"，每季度约{short_amount(amount, currency, 'zh')}" if priced else ""
    return say(
        language,
        en=f"{row['stage']} at {share(row['share'])} ({row['kind']} {share(row['benchmark'])}{worth_en})",
        zh=f"{row['stage']} {share(row['share'])}（{'行业' if row['kind'] == 'industry' else '目标'}"
        f" {share(row['benchmark'])}{worth_zh}）",
    )
