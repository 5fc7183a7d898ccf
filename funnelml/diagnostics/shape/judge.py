"""The shape of the funnel today against the steady state that its own past implies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.dwell.stays import number_stays
from funnelml.diagnostics.dwell.visits import VisitLaw, learn_visits
from funnelml.diagnostics.record_bootstrap import draw_record_weights
from funnelml.diagnostics.shape.rules import VERDICT_OF, Rule, ShapeRules, Verdict, bottom_of, fire_rules
from funnelml.diagnostics.shape.steady_state import SteadyState, chance_interval, clip_stays, settle_stock
from funnelml.diagnostics.shape.words import tell_rule, tell_shape
from funnelml.errors import NotEnoughDataError
from funnelml.history.episodes import CENSORED, stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.language import Language
from funnelml.schema import DAY


@dataclass(frozen=True, kw_only=True)
class FunnelShape:
    """The shape of the funnel and the rules that it breaks.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    rules : ShapeRules
        The rules.
    verdict : str
        ``healthy``, ``narrow_mouth``, ``bulging``, ``broken_bottom``, ``several`` or ``not_enough_data``.
    fired : tuple of (str, str)
        Rules that fired, each with the stage it is about.
    mouth : pandas.Series
        ``recent_days, before_days, arrivals_recent, arrivals_before, inflow_recent, inflow_before`` (new records per
        day), ``arrivals_expected, arrivals_low, arrivals_high``: of the recent days at the pace of before.
    evidence : pandas.DataFrame
        One row per stage: ``open`` (in the stage up to ``until_days``), ``older`` (longer than that, told apart),
        ``expected_open`` (steady state of before), ``ratio, low, high`` (what chance explains),
        ``expected_given_inflow`` (if those who really entered had stayed as long as before), ``share_recent,
        share_before`` (going on rather than lost), ``share_ratio_low, share_ratio_high, share_recent_high``,
        ``enough_ended``, ``inflow_recent, inflow_before`` (entries into the stage per day), ``until_days``.
    """

    as_of: date
    funnel: Funnel
    rules: ShapeRules
    verdict: Verdict
    fired: tuple[tuple[Rule, str], ...]
    mouth: pd.Series
    evidence: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``evidence``."""
        return self.evidence

    def reasons(self, language: Language = "en") -> tuple[str, ...]:
        """Return each rule that fired as a sentence with its numbers."""
        rows = {row["stage"]: row for _, row in self.evidence.iterrows()}
        return tuple(tell_rule(rule, stage, self.mouth, rows[stage], language) for rule, stage in self.fired)

    def summary(self, language: Language = "en") -> str:
        """Return the verdict and its reasons."""
        bottom = self.evidence.iloc[bottom_of(len(self.evidence)) :]
        unjudged = bottom.loc[~bottom["enough_ended"].astype(bool), "stage"].tolist()
        return tell_shape(
            self.verdict,
            self.reasons(language),
            self.mouth,
            int(self.evidence["older"].sum()),
            self.rules,
            language,
            () if self.verdict == "not_enough_data" else unjudged,
        )


def judge_shape(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    rules: ShapeRules | None = None,
    draws: int = 200,
    seed: int = 0,
) -> FunnelShape:
    """Judge whether the mouth is too narrow, the middle bulges or the bottom is broken.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    rules : ShapeRules, optional
        The rules; those of the house by default.
    draws, seed : int
        Repetitions and seed of the bootstrap by record.

    Returns
    -------
    FunnelShape
        ``not_enough_data`` where the log before the recent days is too short or too thin.

    Raises
    ------
    NotEnoughDataError
        If no record was ever seen in an open stage.

    Notes
    -----
    The steady state is that of the days before the recent ones (``settle_stock``). Chance is a count whose variance is
    that of the steady-state stock from week to week, by which it is overdispersed, plus that of its estimate. A season
    of the year looks like a change: the recent days are one quarter, the days before a year.
    """
    rules = rules or ShapeRules()
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    of, cut = episodes.funnel, episodes.cut
    if episodes.table.empty:
        raise NotEnoughDataError(
            f"no record of funnel '{of.name}' was ever seen in an open stage by {as_of}; {rules.least_arrivals} new "
            f"ones in {rules.least_before_days:g} days are enough for a judgement"
        )
    stays = number_stays(episodes)
    turn = cut - round(rules.recent_days * DAY)
    start = max(int(stays["entered_at"].min()), turn - round(rules.before_days * DAY))
    before_days = max(0.0, (turn - start) / DAY)
    recent = stays[stays["first"] & (stays["entered_at"] >= turn)]
    mouth = pd.Series(
        {
            "recent_days": rules.recent_days,
            "before_days": before_days,
            "arrivals_recent": len(recent),
            "arrivals_before": int((stays["first"] & stays["entered_at"].between(start, turn - 1)).sum()),
            "inflow_recent": len(recent) / rules.recent_days,
        }
    )
    enough = before_days >= rules.least_before_days and mouth["arrivals_before"] >= rules.least_arrivals
    weights = draw_record_weights(int(stays["record"].max()) + 1, draws=draws, seed=seed)
    weights = np.vstack((np.ones(weights.shape[1]), weights))
    if enough:
        steady = settle_stock(stays, of, start=start, end=turn, oldest_days=rules.oldest_days, weights=weights)
        law = learn_visits(clip_stays(stays, turn, cut), recent, of, weights)
        mouth = pd.concat([mouth, _mouth(steady, before_days, rules)])
        evidence = _evidence(stays, of, steady, law, span=(start, turn, cut), rules=rules)
        fired = fire_rules(mouth, evidence, rules)
        kinds = {VERDICT_OF[rule] for rule, _ in fired}
        verdict: Verdict = "healthy" if not kinds else kinds.pop() if len(kinds) == 1 else "several"
    else:
        fired, verdict = (), "not_enough_data"
        evidence = _count_only(stays, of, cut, rules.oldest_days)
    return FunnelShape(
        as_of=as_of, funnel=of, rules=rules, verdict=verdict, fired=fired, mouth=mouth, evidence=evidence
    )


def _mouth(steady: SteadyState, before_days: float, rules: ShapeRules) -> pd.Series:
    expected = steady.per_day * rules.recent_days
    # The pace of before is itself only known from so many days.
    variance = steady.arrival_dispersion * expected * (1 + rules.recent_days / before_days)
    low, high = chance_interval(expected, variance, rules.confidence)
    return pd.Series(
        {"inflow_before": steady.per_day, "arrivals_expected": expected, "arrivals_low": low, "arrivals_high": high}
    )


def _evidence(
    stays: pd.DataFrame,
    funnel: Funnel,
    steady: SteadyState,
    law: VisitLaw,
    *,
    span: tuple[int, int, int],
    rules: ShapeRules,
) -> pd.DataFrame:
    start, turn, cut = span
    n = len(funnel.stages)
    side = (1 - rules.confidence) / 2
    rows = []
    for s, stage in enumerate(funnel.stages):
        here = stays[stays["stage"] == stage]
        entered, until = here["entered_at"].to_numpy(), steady.until[s]
        age = (cut - entered) / DAY
        running = (here["event"] == CENSORED).to_numpy()
        # A stage that nobody entered before has no age that is usual.
        young = running & (age <= (until if np.isfinite(until) else rules.oldest_days))
        expected = steady.stock[:, s]
        low, high = chance_interval(
            expected[0], steady.dispersion[s] * expected[0] + expected[1:].var(), rules.confidence
        )
        given = float(steady.law.curves[s].still_in(age[age <= until])[:, 0].sum()) if s in steady.law.curves else 0.0
        shares = [_share_going_on(part, s, n) for part in (law, steady.law)]
        ratio = np.divide(shares[0], shares[1], out=np.full_like(shares[0], np.nan), where=shares[1] > 0)
        ends = [_count_ended(here, a, b) for a, b in ((turn, cut), (start, turn))]
        rows.append(
            {
                "stage": stage,
                "open": int(young.sum()),
                "older": int((running & ~young).sum()),
                "expected_open": expected[0],
                "ratio": young.sum() / expected[0] if expected[0] > 0 else np.nan,
                "low": low,
                "high": high,
                "expected_given_inflow": given,
                "share_recent": shares[0][0],
                "share_before": shares[1][0],
                "share_ratio_low": np.quantile(ratio[1:], side),
                "share_ratio_high": np.quantile(ratio[1:], 1 - side),
                "share_recent_high": np.quantile(shares[0][1:], 1 - side),
                "enough_ended": min(ends) >= rules.least_ended,
                "inflow_recent": int((entered >= turn).sum()) / rules.recent_days,
                "inflow_before": int(((entered >= start) & (entered < turn)).sum()) / ((turn - start) / DAY),
                "until_days": until,
            }
        )
    return pd.DataFrame(rows)


def _share_going_on(law: VisitLaw, stage: int, n_stages: int) -> np.ndarray:
    """Return of those who advance, are won or lost, the share that is not lost."""
    if stage not in law.curves:
        return np.full(len(law.visits), np.nan)
    curves = law.curves[stage]
    on = sum((curves.chance_of(t) for t in range(stage + 1, n_stages + 1)), np.zeros(curves.draws))
    on = on + curves.chance_of(n_stages + 2)
    lost = curves.chance_of(n_stages + 1)
    return np.divide(on, on + lost, out=np.full(curves.draws, np.nan), where=on + lost > 0)


def _count_ended(stays: pd.DataFrame, start: int, end: int) -> int:
    left = stays["entered_at"] + stays["duration_days"] * DAY
    return int(((stays["event"] != CENSORED) & (left >= start) & (left < end)).sum())


def _count_only(stays: pd.DataFrame, funnel: Funnel, cut: int, oldest_days: float) -> pd.DataFrame:
    running = stays[stays["event"] == CENSORED]
    old = (cut - running["entered_at"]) / DAY > oldest_days
    counts = [running.loc[flag, "stage"].value_counts().reindex(funnel.stages, fill_value=0) for flag in (~old, old)]
    return pd.DataFrame(
        {"stage": list(funnel.stages), "open": counts[0].to_numpy(), "older": counts[1].to_numpy()}
    ).reindex(columns=list(EVIDENCE_COLUMNS))


EVIDENCE_COLUMNS = (
    *("stage", "open", "older", "expected_open", "ratio", "low", "high", "expected_given_inflow"),
    *("share_recent", "share_before", "share_ratio_low", "share_ratio_high", "share_recent_high", "enough_ended"),
    *("inflow_recent", "inflow_before", "until_days"),
)
