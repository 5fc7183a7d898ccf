"""Pile-ups: stages that records leave more slowly than they used to, since when, and how many sit there now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from funnelml.diagnostics.changes.false_alarms import yearly_threshold
from funnelml.diagnostics.changes.gap_size import TYPICAL_SHIFT
from funnelml.diagnostics.changes.pace import Pace, measure_pace
from funnelml.diagnostics.changes.scan import WeeklySeries, scan_for_change
from funnelml.diagnostics.changes.settled import unsettled_weeks
from funnelml.diagnostics.changes.shared_shocks import shared_variance
from funnelml.history.episodes import CENSORED, stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.language import Language, say, share

LEAST_EXPECTED = 15.0
"""Least number of exits to be expected before and after a change of pace."""
COLUMNS = (
    "stage",
    "began_on",
    "began_first",
    "began_last",
    "pace",
    "pace_low",
    "pace_high",
    "open_before",
    "open_now",
    "z",
)


@dataclass(frozen=True, kw_only=True)
class PileUps:
    """Stages that slowed down for good, as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    table : pandas.DataFrame
        One row per pile-up, most significant first: ``stage``; ``began_on``, the first day of the week with which it
        began, and the weeks between which it lies (80 %); ``pace``, the rate at which records of the same age leave
        as a share of the former one, with its interval, drawn towards 1 as gaps are; ``open_before`` and
        ``open_now``, records in the stage when it began and now; ``z``.
    weeks : pandas.DataFrame
        One row per week and stage: ``stage, week_start, exits, expected, open``; without the last weeks if some of
        their moves are yet to be recorded.
    rate : float
        Chance of at least one false pile-up in a year of weekly looks.
    threshold : float
        Bound that ``z`` had to pass.
    series : int
        Number of stages that could be judged.
    level : float
        Level of the intervals.
    """

    as_of: date
    table: pd.DataFrame
    weeks: pd.DataFrame
    rate: float
    threshold: float
    series: int
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pile-up."""
        return self.table

    def sentences(self, language: Language = "en") -> list[str]:
        """Return one sentence per pile-up."""
        return [_describe(dict(row), self.level, language) for _, row in self.table.iterrows()]

    def summary(self, language: Language = "en") -> str:
        """Return every pile-up in words, or that there is none."""
        if self.series == 0:
            return say(
                language,
                en="Too few records have left the stages to see a pile-up.",
                zh="离开各阶段的记录太少，无法判断是否积压。",
            )
        if self.table.empty:
            return say(
                language,
                en=(
                    f"None of the {self.series} stages that can be judged is clearly left more slowly than it used to "
                    f"be (false alarms: {self.rate:.0%} a year at most)."
                ),
                zh=f"可判断的 {self.series} 个阶段均未明显变慢（全年误报概率不超过 {self.rate:.0%}）。",
            )
        return say(language, en=" ", zh="").join(self.sentences(language))


def find_pile_ups(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    rate: float = 0.05,
    level: float = 0.8,
    fiscal_year_start: int = 1,
) -> PileUps:
    """Find the stages that records leave more slowly than before, for good, since some week of the last two years.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    rate : float
        Chance of at least one false pile-up in a year of weekly looks at all stages.
    level : float
        Level of the intervals.
    fiscal_year_start : int
        Month in which the fiscal year begins.

    Returns
    -------
    PileUps
    """
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    pace = measure_pace(
        episodes,
        time_zone=history.time_zone,
        fiscal_year_start=fiscal_year_start,
        unsettled_weeks=unsettled_weeks(history, episodes),
    )
    still = episodes.table.loc[episodes.table["event"] == CENSORED, "stage"].value_counts()
    series = [
        WeeklySeries(observed=seen, expected=told, trials=None, information=told)
        for seen, told in zip(pace.observed, pace.expected, strict=True)
    ]
    tau2 = shared_variance([(s.score, s.information) for s in series])
    changes = [scan_for_change(s, tau2=tau2, least=LEAST_EXPECTED, sign=-1) for s in series]
    judged = sum(change is not None for change in changes)
    threshold = yearly_threshold(rate, max(judged, 1))
    found: list[dict[str, Any]] = []
    for stage, change in enumerate(changes):
        if change is None or -change.z <= threshold:
            continue
        keep = TYPICAL_SHIFT**2 / (TYPICAL_SHIFT**2 + change.error**2)
        spread = np.sqrt(keep) * change.error * _normal_bound(level)
        found.append(
            {
                "stage": episodes.funnel.stages[stage],
                "began_on": pace.starts[change.week],
                "began_first": pace.starts[change.first],
                "began_last": pace.starts[change.last],
                "pace": float(np.exp(keep * change.shift)),
                "pace_low": float(np.exp(keep * change.shift - spread)),
                "pace_high": float(np.exp(keep * change.shift + spread)),
                "open_before": int(pace.open[stage, change.week - 1]),
                "open_now": int(still.get(episodes.funnel.stages[stage], 0)),
                "z": change.z,
            }
        )
    table = pd.DataFrame(found, columns=list(COLUMNS)).sort_values("z", kind="stable", ignore_index=True)
    return PileUps(
        as_of=as_of,
        table=table,
        weeks=_weeks(pace, episodes.funnel),
        rate=rate,
        threshold=threshold,
        series=judged,
        level=level,
    )


def _normal_bound(level: float) -> float:
    return float(norm.ppf((1 + level) / 2))


def _weeks(pace: Pace, funnel: Funnel) -> pd.DataFrame:
    stages, weeks = pace.observed.shape
    return pd.DataFrame(
        {
            "stage": np.repeat(np.array(funnel.stages, dtype=object), weeks),
            "week_start": list(pace.starts) * stages,
            "exits": pace.observed.ravel(),
            "expected": pace.expected.ravel(),
            "open": pace.open.ravel(),
        }
    )


def _describe(row: dict[str, Any], level: float, language: Language) -> str:
    low, high = share(row["pace_low"]), share(row["pace_high"])
    return say(
        language,
        en=(
            f"Pile-up at {row['stage']}: since the week of {row['began_on']} records leave it at "
            f"{share(row['pace'])} of their former pace ({low} to {high} at {level:.0%}); {row['open_now']:,} sit "
            f"there now, {row['open_before']:,} before."
        ),
        zh=(
            f"积压：{row['stage']}。自 {row['began_on']} 那一周起，离开速度只有以往的 {share(row['pace'])}"
            f"（{level:.0%} 区间 {low} 至 {high}）；目前停留 {row['open_now']:,} 条，此前 {row['open_before']:,} 条。"
        ),
    )
