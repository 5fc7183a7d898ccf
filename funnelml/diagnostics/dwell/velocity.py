"""Sales velocity: what the open records bring in per day if everything stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.conversion.paths import trace_paths
from funnelml.diagnostics.extremes import tell_extremes
from funnelml.diagnostics.record_bootstrap import central_interval, draw_record_weights
from funnelml.diagnostics.record_groups import EVERYTHING, GroupBy, amounts_of, group_records
from funnelml.errors import InputError, NotEnoughDataError
from funnelml.history.episodes import CENSORED, WON_EVENT, stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language, days, say, share, short_amount
from funnelml.schema import DAY

INGREDIENTS = ("open_records", "win_rate", "average_amount", "cycle_days", "velocity")
LEAST_WON = 10
"""Fewest wins in the window from which a velocity gets an interval."""


@dataclass(frozen=True, kw_only=True)
class Velocity:
    """Sales velocity and what it is made of.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    by : str or None
        Field that made the groups.
    currency : str
        Reporting currency.
    window_days : float
        Days before the end of ``as_of`` in which closings were counted.
    level : float
        Probability of the intervals.
    table : pandas.DataFrame
        One row per ``group``: ``open_records``; ``won, closed`` in the window; ``win_rate``; ``average_amount`` of
        those won with an amount; ``cycle_days`` from start to win; ``velocity`` (amount per day), each of the last
        five with ``_low, _high``; ``booked_per_day``: what was really won per day of the window; ``without_amount``
        (of those won); ``enough``: at least ten were won.
    """

    as_of: date
    funnel: Funnel
    by: str | None
    currency: str
    window_days: float
    level: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return the velocity with its ingredients, and what it takes for granted."""
        told = [self._tell(self.table.iloc[0], language) if len(self.table) == 1 else self._compare(language)]
        if self.table["enough"].any():
            told.append(
                say(
                    language,
                    en="It holds for a steady state only: as many records come in as go out, and none of the open ones "
                    "is forgotten.",
                    zh="该速度只在稳定状态下成立：进入与离开的记录一样多，且没有被遗忘的未结束记录。",
                )
            )
        return (" " if language == "en" else "").join(told)

    def _compare(self, language: Language) -> str:
        enough = self.table[self.table["enough"]]
        words = enough["velocity"].map(lambda value: short_amount(value, self.currency, language))
        lead = say(language, en="Sales velocity per day: ", zh="每天的销售速度：")
        return lead + tell_extremes(enough, "velocity", words, len(self.table) - len(enough), language)

    def _tell(self, row: pd.Series, language: Language) -> str:
        name = "" if row["group"] == EVERYTHING else say(language, en=f"{row['group']}: ", zh=f"{row['group']}：")
        if not np.isfinite(row["velocity"]) or not row["enough"]:
            return say(
                language,
                en=f"{name}Not enough data for a velocity: {row['won']:,} won in {days(round(self.window_days))}, "
                f"{row['without_amount']:,} of them without an amount; {LEAST_WON} with one would do.",
                zh=f"{name}数据不足，无法计算销售速度：{days(round(self.window_days), 'zh')}内赢单 {row['won']:,} 条，"
                f"其中 {row['without_amount']:,} 条没有金额；至少需要 {LEAST_WON} 条有金额的赢单。",
            )
        money = [short_amount(row[f"velocity{end}"], self.currency, language) for end in ("", "_low", "_high")]
        average, booked = (short_amount(row[c], self.currency, language) for c in ("average_amount", "booked_per_day"))
        return say(
            language,
            en=f"{name}{money[0]} per day ({money[1]} to {money[2]}): {row['open_records']:,} open records x win rate "
            f"{share(row['win_rate'])} x {average} on average, over a cycle of {days(row['cycle_days'])}; really won: "
            f"{booked} per day.",
            zh=f"{name}每天 {money[0]}（{money[1]} 至 {money[2]}）：未结束记录 {row['open_records']:,} 条 × 赢单率 "
            f"{share(row['win_rate'])} × 平均金额 {average}，除以周期 {days(row['cycle_days'], 'zh')}；"
            f"实际每天赢得 {booked}。",
        )


def measure_velocity(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    by: GroupBy | None = None,
    window_days: float = 365.0,
    currency: str = "",
    level: float = 0.8,
    draws: int = 400,
    seed: int = 0,
) -> Velocity:
    r"""Measure the sales velocity: open records x win rate x average amount / length of the cycle.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    by : {"owner", "team", "source", "segment", "product", "account"}, optional
        Field that makes groups, as last known on ``as_of``.
    window_days : float
        Days before the end of ``as_of`` in which closings are counted, or since the first record if that is later.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.
    draws, seed : int
        Repetitions and seed of the bootstrap by record.

    Returns
    -------
    Velocity

    Raises
    ------
    AsOfError
        If nothing had been recorded by ``as_of``.
    NotEnoughDataError
        If no record was ever seen in an open stage.
    InputError
        If ``by`` is not a field that groups records, or the window is not positive.

    Notes
    -----
    .. math:: v = n_{open} \cdot \frac{won}{won + lost} \cdot \bar a_{won} / \bar t_{won}

    By Little's law the open records would close within their mean time in the funnel, in a steady state; the usual
    formula takes the time of the won ones for that of all, which is too long where losses are quick, and counts
    forgotten records as if they closed like others. ``booked_per_day`` beside it shows how far off it is.
    """
    if not window_days > 0:
        raise InputError(f"window_days is {window_days}; give a positive number of days")
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    passes = trace_paths(episodes).passes
    if passes.empty:
        raise NotEnoughDataError(
            f"no record of funnel '{episodes.funnel.name}' was ever seen in an open stage by {as_of}; {LEAST_WON} won "
            "ones are enough for a velocity"
        )
    window = min(window_days, (episodes.cut - int(passes["started_at"].min())) / DAY)
    record = pd.factorize(passes["record_id"])[0]
    weights = draw_record_weights(int(record.max()) + 1, draws=draws, seed=seed)
    weights = np.vstack((np.ones(weights.shape[1]), weights))[:, record]
    amount = passes["record_id"].map(amounts_of(snapshot)).to_numpy(dtype=float)
    group = passes["record_id"].map(group_records(snapshot, by)).to_numpy()
    event, closed_at = passes["event"].to_numpy(), passes["closed_at"].to_numpy()
    closed = (event != CENSORED) & (closed_at >= episodes.cut - window * DAY)
    won = closed & (event == WON_EVENT)
    cycle = (closed_at - passes["started_at"].to_numpy()) / DAY
    rows = []
    for name in sorted(set(group)):
        here = group == name
        priced = here & won & np.isfinite(amount)

        def total(which: np.ndarray, of: np.ndarray | None = None) -> np.ndarray:
            return weights[:, which] @ (np.ones(int(which.sum())) if of is None else of[which])

        open_records, wins = total(here & (event == CENSORED)), total(here & won)
        parts = {
            "open_records": open_records,
            "win_rate": _ratio(wins, total(here & closed)),
            "average_amount": _ratio(total(priced, amount), total(priced)),
            "cycle_days": _ratio(total(here & won, cycle), wins),
        }
        flow = parts["open_records"] * parts["win_rate"] * parts["average_amount"]
        parts["velocity"] = _ratio(flow, parts["cycle_days"])
        n_priced, n_won = int(priced.sum()), int((here & won).sum())
        row = {
            "group": name,
            "won": n_won,
            "closed": int((here & closed).sum()),
            "booked_per_day": float(amount[priced].sum()) / window,
            "without_amount": n_won - n_priced,
            "enough": n_priced >= LEAST_WON,
        }
        for ingredient in INGREDIENTS:
            values = parts[ingredient]
            low, high = central_interval(values[1:], level) if row["enough"] else (np.nan, np.nan)
            row |= {ingredient: values[0], f"{ingredient}_low": low, f"{ingredient}_high": high}
        rows.append(row | {"open_records": round(open_records[0])})
    return Velocity(
        as_of=as_of,
        funnel=episodes.funnel,
        by=by,
        currency=currency,
        window_days=window,
        level=level,
        table=pd.DataFrame(rows),
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
