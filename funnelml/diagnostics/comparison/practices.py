"""Practices: what a rep, a source or a period that stands out does differently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from funnelml.diagnostics.comparison.habits import measure_habits
from funnelml.diagnostics.comparison.result import Comparison
from funnelml.diagnostics.comparison.shrinkage import FloatArray
from funnelml.errors import AsOfError, FunnelError, NotEnoughDataError, did_you_mean
from funnelml.history.history import History
from funnelml.language import Language, days, say, share, short_amount, signed_share

_MOST_TOLD = 4
_NAMES = {
    "activities": ("activities per open week", "每周活动数"),
    "live_share": ("share of meetings and demos", "会议与演示占比"),
    "first_response": ("first outbound activity after", "首次主动联系用时"),
    "contacts": ("contacts per record", "每条记录的联系人数"),
    "amount": ("amount at creation", "创建时金额"),
    "amount_change": ("amount change before success", "成功前金额变动"),
    "skipped": ("stages skipped before success", "成功前跳过的阶段数"),
    "pushes": ("pushes before success", "成功前预计成交日推迟次数"),
}


def name_habit(habit: str, language: Language) -> str:
    """Return a habit in words.

    Examples
    --------
    >>> name_habit("stay:Lead", "en"), name_habit("activities:电话", "zh")
    ('stay in Lead', '每周电话数')
    """
    kind, _, of = habit.partition(":")
    if kind == "stay":
        return say(language, en=f"stay in {of}", zh=f"{of}停留时间")
    if of:
        return say(language, en=f"{of} per open week", zh=f"每周{of}数")
    return say(language, en=_NAMES[kind][0], zh=_NAMES[kind][1])


@dataclass(frozen=True, kw_only=True)
class Practices:
    """Habits of one group beside those of the rest.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    group : str
        The group.
    stands_out : str
        ``above``, ``below`` or empty, as the comparison found.
    level : float
        Chance that an interval holds the truth.
    least : int
        Records on either side that a habit needs to be compared.
    currency : str
        Reporting currency.
    habits : pandas.DataFrame
        As ``to_frame`` returns it.
    """

    as_of: date
    group: str
    stands_out: str
    level: float
    least: int
    currency: str
    habits: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per habit, the surest and greatest differences first.

        Returns
        -------
        pandas.DataFrame
            ``habit, group_mean, rest_mean, group_records, rest_records, standardised, low, high`` (difference of the
            means in standard deviations of single records, with its interval), ``p_value, p_adjusted`` (Holm, over
            all habits), ``differs`` and ``missing`` (records short of a comparison; those rows are NaN).
        """
        return self.habits

    def summary(self, language: Language = "en") -> str:
        """Return a sentence or two: what differs, and that it is no proof of a cause."""
        sure = self.habits[self.habits["differs"]]
        records = int(self.habits["group_records"].max())
        if sure.empty:
            return say(
                language,
                en=f"Nothing that {self.group} does differs surely from the rest, over {records:,} records and "
                f"{len(self.habits)} habits.",
                zh=f"在 {records:,} 条记录、{len(self.habits)} 项做法中，未发现 {self.group} 与其余有确定的差别。",
            )
        told = []
        for row in sure.head(_MOST_TOLD).itertuples():
            habit, ours, rest = str(row.habit), float(row.group_mean), float(row.rest_mean)  # type: ignore[arg-type]
            a, b = (self.write_value(habit, value, language) for value in (ours, rest))
            name = name_habit(habit, language)
            told.append(say(language, en=f"{name} {a} against {b}", zh=f"{name} {a}（其余 {b}）"))
        return say(
            language,
            en=f"{self.group} differs from the rest in {len(sure)} of {len(self.habits)} habits: {'; '.join(told)}. "
            "These go together with the result; whether they cause it, only a trial can say.",
            zh=f"{self.group} 有 {len(sure)} 项做法（共 {len(self.habits)} 项）与其余不同：{'；'.join(told)}。"
            "这些差别与结果相关，是否为原因需试验验证。",
        )

    def write_value(self, habit: str, value: float, language: Language = "en") -> str:
        """Return a mean of a habit with its unit."""
        kind = habit.partition(":")[0]
        if kind in ("stay", "first_response"):
            return days(round(value, 1), language)
        if kind == "amount":
            return short_amount(value, self.currency, language)
        if kind == "amount_change":
            return signed_share(value)
        return share(value) if kind == "live_share" else f"{value:.2f}"


def describe_practices(history: History, *, as_of: date, comparison: Comparison, group: str) -> Practices:
    r"""Compare the habits of one group with those of all other groups of a comparison.

    Parameters
    ----------
    history : History
        The history that was compared.
    as_of : datetime.date
        Last day that is known; that of the comparison.
    comparison : Comparison
        What ``compare_groups`` returned.
    group : str
        The group to describe.

    Returns
    -------
    Practices

    Raises
    ------
    AsOfError
        If the comparison was made as of another day.
    FunnelError
        If the group does not exist, or none of its records was counted.
    NotEnoughDataError
        If there is nothing else to compare it with.

    Notes
    -----
    Per habit the difference of means over records, divided by :math:`\sqrt{(s_a^2 + s_b^2) / 2}`, with the interval
    and test of Welch (statsmodels' ``CompareMeans``), and Holm's adjustment over all habits. Only the records that
    the comparison counted are looked at, each for as many days, so that age plays no part, and activities are put on
    the same mix of stages (``funnelml.diagnostics.comparison.habits``). What goes together with a high win rate still
    need not cause it: records that go well are worked more.
    """
    if as_of != comparison.as_of:
        raise AsOfError(f"the comparison was made as of {comparison.as_of}, not {as_of}; compare again as of that day")
    members = comparison.members
    names = sorted(members["group"].unique())
    if group not in names:
        raise FunnelError(f"no {comparison.by} '{group}' with counted records{did_you_mean(group, names)}")
    if len(names) == 1:
        raise NotEnoughDataError(f"'{group}' is the only {comparison.by}: at least two are needed to compare habits")
    succeeded = members["value"] == 1 if comparison.is_rate else np.ones(len(members), dtype=bool)
    habits = measure_habits(
        history,
        members.assign(succeeded=succeeded),
        as_of=as_of,
        funnel=comparison.funnel,
        within_days=comparison.within_days,
    )
    ours = (members["group"] == group).to_numpy()
    rows = [
        _compare(str(habit), column.to_numpy()[ours], column.to_numpy()[~ours], comparison.least, comparison.level)
        for habit, column in habits.items()
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    judged = table["p_value"].notna()
    table["p_adjusted"] = np.nan
    if judged.any():
        table.loc[judged, "p_adjusted"] = multipletests(table.loc[judged, "p_value"], method="holm")[1]
    table["differs"] = table["p_adjusted"] <= comparison.false_calls
    table["size"] = -table["standardised"].abs()
    table = table.sort_values(["differs", "size"], ascending=[False, True], kind="stable", ignore_index=True)
    row = comparison.groups.loc[comparison.groups["group"] == group].iloc[0]
    return Practices(
        as_of=as_of,
        group=group,
        stands_out=str(row["stands_out"]),
        level=comparison.level,
        least=comparison.least,
        currency=comparison.currency,
        habits=table[[*_COLUMNS[:-1], "p_adjusted", "differs", "missing"]],
    )


_COLUMNS = [
    "habit",
    "group_mean",
    "rest_mean",
    "group_records",
    "rest_records",
    "standardised",
    "low",
    "high",
    "p_value",
    "missing",
]


def _compare(habit: str, ours: FloatArray, rest: FloatArray, least: int, level: float) -> tuple[object, ...]:
    a, b = ours[~np.isnan(ours)], rest[~np.isnan(rest)]
    means = [float(x.mean()) if len(x) else np.nan for x in (a, b)]
    missing = max(least - min(len(a), len(b)), 0)
    start = (habit, *means, len(a), len(b))
    if missing or min(len(a), len(b)) < 2:
        return (*start, np.nan, np.nan, np.nan, np.nan, max(missing, 2 - min(len(a), len(b)), 0))
    scale = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))
    if scale < 1e-12:
        # All alike on both sides: equal means are equal; different ones cannot be put in standard deviations.
        same = means[0] == means[1]
        return (*start, *((0.0, 0.0, 0.0, 1.0) if same else (np.nan,) * 4), 0)
    means_of = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    low, high = means_of.tconfint_diff(alpha=1 - level, usevar="unequal")
    p_value = means_of.ttest_ind(usevar="unequal")[1]
    return (*start, (means[0] - means[1]) / scale, low / scale, high / scale, float(p_value), 0)
