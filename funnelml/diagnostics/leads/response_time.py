"""How soon leads are answered, and how often leads answered within a day become opportunities: an association."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.leads.first_answers import find_answers, measure_groups
from funnelml.diagnostics.leads.records import take_leads
from funnelml.diagnostics.leads.response_comparison import ENOUGH, compare_adjusted, compare_groups
from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.history.history import History
from funnelml.language import Language, days, points, say, share
from funnelml.schema import DAY

HOUR = DAY // 24
"""Microseconds in an hour."""


@dataclass(frozen=True, kw_only=True)
class ResponseTime:
    """How soon leads are answered, and what goes with it.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    hours : float
        Hours within which a lead should be answered.
    horizon_days : int
        Days after that deadline within which becoming an opportunity counts.
    level : float
        Probability of the intervals.
    groups : pandas.DataFrame
        ``by`` (``all``, ``owner``, ``source``), ``group, leads`` (whose deadline has passed), ``in_time, share, low,
        high`` (Wilson), ``median_hours`` (NaN if fewer than half were ever answered).
    comparison : pandas.DataFrame
        One row per way to compare leads answered in time with the others, ``naive, landmark, adjusted``: ``comparison,
        in_time, late`` (leads), ``share_in_time, share_late`` (that became an opportunity), ``difference, low, high``.
        NaN where there are too few.
    adjusted_for : tuple of str
        What the adjusted comparison holds equal.
    """

    as_of: date
    hours: float
    horizon_days: int
    level: float
    groups: pd.DataFrame
    comparison: pd.DataFrame
    adjusted_for: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the comparison, one row per way to compare."""
        return self.comparison

    def summary(self, language: Language = "en") -> str:
        """Return how many leads are answered in time, and how much more often those become opportunities."""
        whole = self.groups.iloc[0]
        hours = f"{self.hours:g}"
        parts = [
            say(
                language,
                en=f"{share(float(whole['share']))} of {int(whole['leads']):,} leads are answered within {hours} hours",
                zh=f"{int(whole['leads']):,} 条线索中 {share(float(whole['share']))} 在 {hours} 小时内得到回应",
            )
        ]
        median = float(whole["median_hours"])
        if np.isfinite(median):
            parts.append(
                say(
                    language,
                    en=f", half of all leads within {median:.1f} hours.",
                    zh=f"；全部线索的一半在 {median:.1f} 小时内。",
                )
            )
        else:
            parts.append(say(language, en="; at least half are not answered yet.", zh="；至少一半尚未得到回应。"))
        return "".join(parts) + say(language, en=" ", zh="") + _tell_comparison(self, language)


def measure_response_time(
    history: History, *, as_of: date, hours: float = 24.0, horizon_days: int = 30, level: float = 0.8
) -> ResponseTime:
    """Measure how soon leads are answered, and whether leads answered in time become opportunities more often.

    Parameters
    ----------
    history : History
        Canonical tables with ``leads`` and with ``activities`` whose ``record_id`` is the lead's. The first outbound
        activity after the lead came is its answer; where no activity tells its direction, the first of any kind.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    hours : float
        Hours within which a lead should be answered.
    horizon_days : int
        Days after that deadline within which becoming an opportunity counts.
    level : float
        Probability of the intervals.

    Returns
    -------
    ResponseTime

    Raises
    ------
    NotEnoughDataError
        If no lead is known, the deadline of none has passed, or no lead has an activity.
    ModelInputError
        If hours or days are not positive.

    Notes
    -----
    Three comparisons. **Naive**: all leads, by whether they were answered in time. A lead that became an opportunity
    within minutes had to be answered before, so this is too rosy (immortal time), and young leads count as failures.
    **Landmark**: at the deadline, only leads that are then undecided and whose ``horizon_days`` after it have passed;
    they are put into groups by what had happened by the deadline, and followed from there (Anderson, Cain and Gelber,
    Journal of Clinical Oncology 1, 1983). **Adjusted**: the same leads, with source, owner, weekday and hour of
    creation held equal by standardisation over a logistic model. What was not recorded (how keen the customer was) may
    still explain a difference: it is an association, not an effect.
    """
    if hours <= 0 or horizon_days < 1:
        raise ModelInputError(f"hours ({hours:g}) and horizon_days ({horizon_days}) must be positive")
    cut = history.cut(as_of)
    leads = find_answers(history, take_leads(history, as_of=as_of), cut)
    deadline = leads["created_at"] + round(hours * HOUR)
    leads = leads.assign(deadline=deadline, in_time=leads["answered_at"] <= deadline)
    passed = leads[leads["deadline"] < cut]
    if passed.empty:
        raise NotEnoughDataError(
            f"the deadline of {hours:g} hours has passed for none of {len(leads):,} leads by {as_of}; choose a later "
            "as-of date"
        )
    decided = leads[["opened_at", "disqualified_at"]].min(axis=1)
    undecided = ~(decided <= leads["deadline"])
    end = leads["deadline"] + horizon_days * DAY
    followed = leads[undecided & (end <= cut)]
    followed = followed.assign(became=(followed["opened_at"] < end[followed.index]).to_numpy())
    naive = passed.assign(became=passed["opened_at"].notna())
    adjusted, names = compare_adjusted(followed, history.time_zone, level)
    plain = {"naive": compare_groups(naive, level), "landmark": compare_groups(followed, level)}
    return ResponseTime(
        as_of=as_of,
        hours=hours,
        horizon_days=horizon_days,
        level=level,
        groups=measure_groups(passed, cut, level),
        comparison=pd.DataFrame([{"comparison": n, **row} for n, row in {**plain, "adjusted": adjusted}.items()]),
        adjusted_for=names,
    )


def _tell_comparison(result: ResponseTime, language: Language) -> str:
    by = {str(row["comparison"]): row for row in result.comparison.to_dict("records")}
    landmark, adjusted = by["landmark"], by["adjusted"]
    least = int(min(landmark["in_time"], landmark["late"]))
    if least < ENOUGH:
        return say(
            language,
            en=f"Too few leads to say what goes with it: the smaller group has {least}; {ENOUGH} in each would do.",
            zh=f"样本太少，无法判断响应速度与转化的关系：较小一组只有 {least} 条，每组有 {ENOUGH} 条即可。",
        )
    row = adjusted if np.isfinite(adjusted["difference"]) else landmark
    low, high = points(float(row["low"]), language), points(float(row["high"]), language)
    within = days(float(result.horizon_days), language)
    held = row is adjusted and bool(result.adjusted_for)
    equal_en = f" (with {', '.join(result.adjusted_for)} held equal)" if held else ""
    equal_zh = "（来源、负责人和时间相同的条件下）" if held else ""
    clear = row["low"] > 0 or row["high"] < 0
    verdict = say(
        language,
        en="An association, not an effect: keener customers may be answered sooner."
        if clear
        else "This is no clear difference.",
        zh="这是相关，不是因果：更积极的客户可能本来就更快得到回应。" if clear else "差异并不明显。",
    )
    return say(
        language,
        en=f"Among leads still undecided then, the share that became an opportunity within {within} is "
        f"{points(float(row['difference']))} with an answer in time{equal_en} ({low} to {high}). {verdict}",
        zh=f"届时仍未定的线索中，及时回应者在 {within}内转为商机的比例与其他线索相差 "
        f"{points(float(row['difference']), language)}{equal_zh}（{low} 至 {high}）。{verdict}",
    )
