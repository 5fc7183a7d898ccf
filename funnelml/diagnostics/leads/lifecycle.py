"""The life of a lead: which share goes from step to step, and how long it takes, by source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from funnelml.diagnostics.leads.records import find_lead_funnel, take_leads
from funnelml.diagnostics.losses.rules import UNKNOWN
from funnelml.diagnostics.proportions import share_interval
from funnelml.errors import ModelInputError
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.moves import known_moves
from funnelml.language import Language, days, say, share
from funnelml.schema import DAY
from funnelml.survival.incidence import estimate_incidence

ENOUGH_LEADS = 30
"""Leads that entered a step from which on its conversion is worth comparing."""
ALL: Final = "all"
OPPORTUNITY: Final = "opportunity"
CREATED: Final = "created"
"""All sources together; the end of the last step; the beginning of the only one where there is no funnel of leads."""


@dataclass(frozen=True, kw_only=True)
class LeadLifecycle:
    """How leads go on, as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel or None
        The funnel of leads; None if there is none and only creation and opportunity are known.
    horizon_days : int
        Days after entering a step within which going on counts.
    level : float
        Probability of the intervals.
    steps : pandas.DataFrame
        One row per source (``all`` first) and step: ``source, from_stage, to_stage, leads`` (that entered the step),
        ``went_on, lost, still_open`` (counts to date), ``conversion`` (chance to go on within ``followed_days``),
        ``low, high, median_days`` (of those that go on within that time; NaN if none), ``followed_days`` (the horizon,
        or less where no lead was followed so long). The step from the first stage to ``opportunity`` is the whole.
    without_stages : int
        Leads that no stage change speaks of; they are in no step of a funnel.
    """

    as_of: date
    funnel: Funnel | None
    horizon_days: int
    level: float
    steps: pd.DataFrame
    without_stages: int

    @property
    def whole(self) -> pd.DataFrame:
        """The rows from the first stage to the opportunity, ``all`` first."""
        first = self.steps["from_stage"].iloc[0]
        rows = self.steps[(self.steps["from_stage"] == first) & (self.steps["to_stage"] == OPPORTUNITY)]
        return rows.reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per source and step."""
        return self.steps

    def summary(self, language: Language = "en") -> str:
        """Return the conversion of leads, the weakest step, and how the sources differ, if they do."""
        return " ".join(_told(self, language)) if language == "en" else "".join(_told(self, language))


def measure_lead_lifecycle(
    history: History, *, as_of: date, funnel: str | None = None, horizon_days: int = 90, level: float = 0.8
) -> LeadLifecycle:
    """Measure how leads go from step to step until they are opportunities.

    Parameters
    ----------
    history : History
        Canonical tables with ``leads``.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel of leads; by default the first whose records are leads. Without one the only step is from
        creation to opportunity.
    horizon_days : int
        Days within which going on counts.
    level : float
        Probability of the intervals.

    Returns
    -------
    LeadLifecycle

    Raises
    ------
    NotEnoughDataError
        If no lead is known.
    ModelInputError
        If the horizon is not positive.

    Notes
    -----
    A lead enters a step when it first stands in that stage or a later one, and leaves it when it first goes on; one
    that stands as disqualified leaves it as lost, an open one is censored (Aalen-Johansen). Intervals are normal on the
    scale ``log(-log(conversion))`` with the jackknife's standard error.
    """
    if horizon_days < 1:
        raise ModelInputError(f"horizon_days is {horizon_days}; a lead needs at least one day to go on")
    leads = take_leads(history, as_of=as_of)
    of = find_lead_funnel(history, as_of=as_of, funnel=funnel)
    cut = history.cut(as_of)
    ways = _ways_from_dates(leads) if of is None else _ways_through(history, of, leads, cut)
    names = [CREATED, OPPORTUNITY] if of is None else [*of.stages, OPPORTUNITY]
    steps = [(k, k + 1) for k in range(len(names) - 1)]
    steps += [(0, len(names) - 1)] if len(names) > 2 else []
    sources = [ALL, *ways["source"].value_counts().index]
    rows = []
    for source in sources:
        own = ways if source == ALL else ways[ways["source"] == source]
        for start, end in steps:
            row = _step(own, start, end, cut, horizon_days, level, history.grain)
            rows.append({"source": source, "from_stage": names[start], "to_stage": names[end], **row})
    return LeadLifecycle(
        as_of=as_of,
        funnel=of,
        horizon_days=horizon_days,
        level=level,
        steps=pd.DataFrame(rows),
        without_stages=len(leads) - len(ways),
    )


def _ways_from_dates(leads: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": leads["source"],
            "at_0": leads["created_at"].astype("float64"),
            "at_1": leads["opened_at"],
            "lost_at": leads["disqualified_at"],
        }
    )


def _ways_through(history: History, funnel: Funnel, leads: pd.DataFrame, cut: int) -> pd.DataFrame:
    """Return when each lead first stood in each stage or a later one, and when it stands as lost."""
    moves = known_moves(history, funnel, cut).select("record_id", "stage", "entered_at", "next_rank")
    log = moves.collect(backend="pandas").to_native()
    first = log[log["stage"] != LOST].groupby(["record_id", "stage"])["entered_at"].min().unstack("stage")
    ids = pd.Index(log["record_id"].unique(), name="record_id").sort_values()
    at = first.reindex(index=ids, columns=[*funnel.stages, WON]).astype("float64")
    known = leads.set_index("lead_id")
    at[WON] = np.fmin(at[WON], known["opened_at"].reindex(ids))
    at.columns = [f"at_{k}" for k in range(len(at.columns))]
    # Who skipped a stage has passed it when it first stood in a later one.
    at = at.iloc[:, ::-1].cummin(axis=1).ffill(axis=1).iloc[:, ::-1]
    stands = log[(log["stage"] == LOST) & log["next_rank"].isna()].set_index("record_id")["entered_at"]
    lost = stands.astype("float64").reindex(ids).where(at[f"at_{len(funnel.stages)}"].isna())
    at["at_0"] = at["at_0"].fillna(lost)
    return at.assign(lost_at=lost, source=known["source"].reindex(ids).fillna(UNKNOWN).to_numpy()).reset_index(
        drop=True
    )


def _step(ways: pd.DataFrame, start: int, end: int, cut: int, horizon: int, level: float, grain: str) -> dict[str, Any]:
    own = ways[ways[f"at_{start}"].notna()]
    on, lost = own[f"at_{end}"].notna(), own["lost_at"].notna() & own[f"at_{end}"].isna()
    counts = {
        "leads": len(own),
        "went_on": int(on.sum()),
        "lost": int(lost.sum()),
        "still_open": int((~on & ~lost).sum()),
    }
    nothing = dict.fromkeys(("conversion", "low", "high", "median_days", "followed_days"), np.nan)
    if own.empty:
        return counts | nothing
    until = own[f"at_{end}"].fillna(own["lost_at"]).fillna(float(cut))
    length = ((until - own[f"at_{start}"]) / DAY).clip(lower=0).to_numpy()
    censored = (~on & ~lost).to_numpy()
    if grain == "day":
        length = np.round(length)
    # An open lead was last seen in the last known microsecond.
    length = np.where(censored, np.maximum(length - 1 / DAY, 0), length)
    curve = estimate_incidence(length, np.select([on, lost], [1, 2], default=0), n_causes=2)
    followed = float(min(horizon, curve.observed_until))
    share_on, error = float(curve([followed])[1, 0]), float(curve.standard_error([followed])[1, 0])
    if 0 < share_on < 1:
        low, high = _interval(share_on, error, level)
    else:
        # All or none went on: no spread to measure, yet not certain.
        low, high = (float(end) for end in share_interval(share_on * len(own), len(own), level)[1:])
    within = curve.incidence[1] * (curve.times <= followed)
    reached = np.flatnonzero(within >= share_on / 2) if share_on > 0 else np.array([], dtype=int)
    median = float(curve.times[reached[0]]) if len(reached) else np.nan
    told = {"conversion": share_on, "low": low, "high": high, "median_days": median, "followed_days": followed}
    return counts | told


def _interval(share_on: float, error: float, level: float) -> tuple[float, float]:
    z = norm.ppf(0.5 + level / 2)
    scale = np.log(-np.log(share_on))
    width = z * error / abs(share_on * np.log(share_on))
    return float(np.exp(-np.exp(scale + width))), float(np.exp(-np.exp(scale - width)))


def _told(result: LeadLifecycle, language: Language) -> list[str]:
    whole = result.whole
    top = whole.iloc[0]
    within = days(float(top["followed_days"]), language)
    level, part, low, high = (share(float(v)) for v in (result.level, top["conversion"], top["low"], top["high"]))
    median = float(top["median_days"])
    half = days(median, language)
    half_en, half_zh = (f", half of those in {half}", f"，其中一半用时不到 {half}") if np.isfinite(median) else ("", "")
    parts = [
        say(
            language,
            en=f"Of {int(top['leads']):,} leads {part} become an opportunity within {within} ({level} interval {low} "
            f"to {high}){half_en}.",
            zh=f"{int(top['leads']):,} 条线索中，{part} 在 {within}内转为商机（{level} 区间 {low} 至 {high}）"
            f"{half_zh}。",
        )
    ]
    own = result.steps[(result.steps["source"] == ALL) & (result.steps["leads"] >= ENOUGH_LEADS)]
    single = 1 if result.funnel is None else len(result.funnel.stages)
    steps = own[own.index < single]
    if len(steps) > 1:
        weakest = steps.sort_values("conversion", kind="stable").iloc[0]
        parts.append(
            say(
                language,
                en=f"The weakest step is {weakest['from_stage']} to {weakest['to_stage']}: "
                f"{share(float(weakest['conversion']))} go on.",
                zh=f"最弱的一步是从{weakest['from_stage']}到{_name_step(weakest['to_stage'])}："
                f"{share(float(weakest['conversion']))} 继续前进。",
            )
        )
    parts += _told_sources(whole, language)
    if result.without_stages:
        parts.append(
            say(
                language,
                en=f"{result.without_stages:,} further leads have no stage recorded and are not counted.",
                zh=f"另有 {result.without_stages:,} 条线索没有阶段记录，未计入。",
            )
        )
    return parts


def _name_step(name: str) -> str:
    return "商机" if name == OPPORTUNITY else name


def _told_sources(whole: pd.DataFrame, language: Language) -> list[str]:
    sources = whole[(whole["source"] != ALL) & (whole["source"] != UNKNOWN)]
    compared = sources[sources["leads"] >= ENOUGH_LEADS].sort_values("conversion", kind="stable")
    if len(compared) > 1:
        worst, best = compared.iloc[0], compared.iloc[-1]
        least, most = (share(float(row["conversion"])) for row in (worst, best))
        if not best["low"] > worst["high"]:
            english = f"By source it is from {least} to {most}; the differences may be chance."
            return [say(language, en=english, zh=f"各来源为 {least} 至 {most}，差异可能只是偶然。")]
        return [
            say(
                language,
                en=f"{best['source']} converts best ({most}), {worst['source']} worst ({least}).",
                zh=f"转化最好的来源是{best['source']}（{most}），最差的是{worst['source']}（{least}）。",
            )
        ]
    if len(sources) > 1:
        largest = int(sources["leads"].max())
        return [
            say(
                language,
                en=f"Sources cannot be compared yet: the largest has {largest} leads; {ENOUGH_LEADS} each would do.",
                zh=f"来源暂无法比较：最多的来源只有 {largest} 条线索，每个来源有 {ENOUGH_LEADS} 条即可。",
            )
        ]
    return []
