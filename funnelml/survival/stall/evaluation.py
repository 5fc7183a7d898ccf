"""How right verdicts were: what was told against what came, and the days-per-stage rule at equal recall."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from funnelml.language import Language, say, share, short_amount
from funnelml.survival.stall.days_rule import name_days_rule
from funnelml.survival.stall.verdict_rules import ZOMBIE

ENOUGH = 1_000
"""Predictions from which a pooled calibration is told without a warning."""


@dataclass(frozen=True, kw_only=True)
class StallEvaluation:
    """Verdicts of past dates against what came after them.

    Parameters
    ----------
    dates : tuple of datetime.date
        As-of dates, at least 30 days apart, so that their windows do not overlap.
    known_until : datetime.date
        Last day from which outcomes were taken.
    win_days : float
        Days of the horizon of the zombies.
    currency : str
        Reporting currency.
    judged : pandas.DataFrame
        One row per record and date: ``as_of, record_id, stage, amount, age_days, move_30`` (told), ``observed,
        verdict, went_on`` (advanced or won within 30 days), ``won_later`` (by ``known_until``).
    calibration : pandas.DataFrame
        One row per group (``all``, ``observed``, each verdict, each date): ``group, records, told, came, difference``
        (told less came), ``std_err`` by record.
    precision : pandas.DataFrame
        What did not go on within 30 days is to be found. One row per rule: ``rule`` (the days per stage that are
        flagged, or ``verdict``: stalled and zombies), ``against`` (``chance``: ranked by the chance to go on;
        ``days``: ranked by the days over the average days of won records), ``flagged, recall, precision`` of the rule,
        ``matched_flagged, matched_precision`` of what it is held against at the same recall, ``gain`` of that over the
        rule, ``std_err, low, high``.
    zombies : pandas.DataFrame
        One row per date: ``as_of, zombies, amount, won, won_amount`` by ``known_until``.
    """

    dates: tuple[date, ...]
    known_until: date
    win_days: float
    currency: str
    judged: pd.DataFrame
    calibration: pd.DataFrame
    precision: pd.DataFrame
    zombies: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per rule and what it is held against."""
        return self.precision

    def summary(self, language: Language = "en") -> str:
        """Return calibration, precision at equal recall, and what zombies later won."""
        told = [self._calibration(language), self._precision(language), self._zombies(language)]
        return say(language, en=" ", zh="").join(told)

    def _calibration(self, language: Language) -> str:
        row = self.calibration.iloc[0]
        n, dates = f"{int(row['records']):,}", len(self.dates)
        told, came, off = share(row["told"], 1), share(row["came"], 1), f"{100 * row['difference']:+.1f}"
        text = say(
            language,
            en=f"On {dates} past dates {told} of {n} open records were to go on within 30 days, and {came} did "
            f"({off} points).",
            zh=f"在 {dates} 个过往时点，{n} 条未结记录预计有 {told} 在 30 天内推进，"
            f"实际 {came}（相差 {off} 个百分点）。",
        )
        if row["records"] < ENOUGH:
            text += say(
                language,
                en=f" {ENOUGH:,} would be enough to trust that.",
                zh=f"样本达到 {ENOUGH:,} 条才足够可信。",
            )
        return text

    def _precision(self, language: Language) -> str:
        told = [
            _tell_precision(row, language)
            for row in self.precision.to_dict("records")
            if row["recall"] > 0 and row["std_err"] > 0
        ]
        if not told:
            return say(language, en="No rule found anything.", zh="没有任何规则标出停滞记录。")
        return say(language, en=" ", zh="").join(told)

    def _zombies(self, language: Language) -> str:
        n, won = int(self.zombies["zombies"].sum()), int(self.zombies["won"].sum())
        if not n:
            return say(language, en="None was named a zombie.", zh="没有记录被判为僵尸。")
        worth = short_amount(float(self.zombies["amount"].sum()), self.currency, language)
        later = short_amount(float(self.zombies["won_amount"].sum()), self.currency, language)
        return say(
            language,
            en=f"Of {n:,} named zombies (worth {worth}) {won:,} were won by {self.known_until} ({share(won / n, 1)}, "
            f"worth {later}).",
            zh=f"被判为僵尸的 {n:,} 条（金额 {worth}）中，到 {self.known_until} 有 {won:,} 条赢单"
            f"（{share(won / n, 1)}，金额 {later}）。",
        )


def count_zombies(judged: pd.DataFrame) -> pd.DataFrame:
    """Return how many were named zombies on each date, and what became of them."""
    mine = judged.assign(
        zombie=judged["verdict"] == ZOMBIE,
        amount=judged["amount"].where(judged["verdict"] == ZOMBIE),
        won=(judged["verdict"] == ZOMBIE) & judged["won_later"],
    )
    mine["won_amount"] = mine["amount"].where(mine["won"])
    by_date = mine.groupby("as_of", sort=True)[["zombie", "amount", "won", "won_amount"]].sum()
    return by_date.rename(columns={"zombie": "zombies"}).astype({"zombies": "int64", "won": "int64"}).reset_index()


def _tell_precision(row: dict[Hashable, Any], language: Language) -> str:
    rule, other = float(row["precision"]), float(row["matched_precision"])
    recall, low, high = share(float(row["recall"])), float(row["low"]), float(row["high"])
    if row["against"] == "days":
        # The verdict is the rule here, and the days are held against it.
        rule, other, low, high = other, rule, -high, -low
        name = say(language, en="the average days, stretched to that", zh="同样召回率下的平均天数规则")
        ours = say(language, en="Stalled and zombies find", zh="停滞与僵尸")
    else:
        name = name_days_rule(str(row["rule"]), language)
        ours = say(language, en="The chance to go on finds", zh="推进概率")
    sure = low > 0 or high < 0
    span = say(
        language,
        en=f"{100 * low:+.1f} to {100 * high:+.1f} points",
        zh=f"{100 * low:+.1f} 至 {100 * high:+.1f} 个百分点",
    )
    return say(
        language,
        en=f"{ours} {recall} of those that do not go on with precision {share(other, 1)}, {name} with "
        f"{share(rule, 1)} ({'beyond' if sure else 'within'} chance: {span}).",
        zh=f"{ours}找出 {recall} 未推进的记录，精确率 {share(other, 1)}；{name}为 {share(rule, 1)}"
        f"（{'超出' if sure else '未超出'}偶然范围：{span}）。",
    )
