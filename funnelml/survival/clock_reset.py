"""Whether the clock starts anew in every stage, or the time a record took so far foretells what it does now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.language import Language, join_words, say
from funnelml.schema import DAY
from funnelml.survival.causes import CAUSES
from funnelml.survival.covariates import DAYS_BEFORE
from funnelml.survival.nonparametric.words import name_outcome
from funnelml.survival.ratios.cox_words import hold_by_holm
from funnelml.survival.ratios.partial_likelihood import (
    StageRisks,
    cover_effects,
    evaluate_partial_likelihood,
    lay_stage_risks,
)
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stay_rows import StayRows

PRIOR_SD: Final = 1.0
"""Standard deviation of an effect per doubling before anything was seen: so wide that it only bounds."""
LEAST_EVENTS: Final = 30
"""Fewest events for a word on a cause, or on a cause in a stage."""
ERROR: Final = 0.05
"""Chance to deny that the clock starts anew for any cause although it does for all."""
LEARNED: Final = 0.6
"""Share of the ended stays, the first to end, from which the effect is learned that the later ones are foretold by."""
MOST_STEPS: Final = 30
"""Most steps of the fit; it takes five or so."""
NEAR: Final = 1e-8
"""Step below which an effect is found, and effect below which there is none."""
ALL: Final = "all"
"""Name of the rows that hold for all stages together."""


@dataclass(frozen=True, kw_only=True)
class ClockReset:
    """What the days before a stage tell of the stay in it.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per cause, and one per cause and stage, with columns ``outcome, stage`` (``all`` for all together),
        ``stays, events, log_ratio, ratio`` (how many times as fast per doubling of one plus the days before the stage),
        ``std_err, low, high`` (limits of the ratio at 95 %), ``p, p_holm`` (held over the causes, or over the causes
        and stages), ``gain, gain_std_err, later_events`` (of the log likelihood per later event, foretold by the effect
        in earlier ones) and ``verdict``: ``carries_on``, ``not_foretold``, ``starts_anew`` or ``too_few``.
    split_at : int
        Instant, in microseconds, that parts earlier from later.
    """

    table: pd.DataFrame
    split_at: int

    @property
    def carries_on(self) -> tuple[str, ...]:
        """Causes on which the days before a stage tell, and foretell: the clock does not start anew for them."""
        return tuple(self._of_all().query("verdict == 'carries_on'")["outcome"])

    def to_frame(self) -> pd.DataFrame:
        """Return ``table``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return a verdict on each cause in words, and what to do about it."""
        rows = self._of_all().to_dict("records")
        told = [_tell(row, language) for row in rows if row["verdict"] != "too_few"]
        few = [name_outcome(row["outcome"], language) for row in rows if row["verdict"] == "too_few"]
        if few:
            told.append(
                say(
                    language,
                    en=f"Too few ends to tell ({LEAST_EVENTS} would do): {join_words(few)}.",
                    zh=f"结束次数不足以判断（需 {LEAST_EVENTS} 次）：{join_words(few, 'zh')}。",
                )
            )
        if len(few) < len(rows):
            told.append(
                say(
                    language,
                    en="So the days before a stage belong among the covariates."
                    if self.carries_on
                    else "So the stay in the present stage is all that need be known.",
                    zh="因此进入阶段之前的天数应作为协变量。" if self.carries_on else "因此只需知道在当前阶段的停留。",
                )
            )
        return say(language, en=" ", zh="").join(told)

    def _of_all(self) -> pd.DataFrame:
        return self.table[self.table["stage"] == ALL]


def examine_clock_reset(rows: StayRows) -> ClockReset:
    """Examine whether speed through earlier stages foretells the stay in the present one.

    Parameters
    ----------
    rows : StayRows
        Stays with their ends and the covariate ``days_before_stage``, as ``learn_stays`` or ``stays_of_episodes``
        returns them; each counts once, from the first time it is seen.

    Returns
    -------
    ClockReset

    Raises
    ------
    ModelInputError
        If the rows have no end, or do not tell the days before the stage.
    NotEnoughDataError
        If there is no stay.

    Notes
    -----
    If the clock starts anew (a semi-Markov process), then given the stage and the age in it the hazards do not depend
    on the time before (Andersen and Keiding, Statistical Methods in Medical Research 11, 2002). It is one Cox model per
    cause with the logarithm of one plus these days, a baseline for each stage (ties as Breslow's) and errors by record:
    frailty, which makes some records fast in every stage, shows as an effect. An effect that is told must also
    foretell: learned from what was known when 60 % of the ended stays had ended, it has to raise the partial likelihood
    of what happened later by more than the standard error of that.
    """
    entries, before = _read(rows)
    x = np.log2(1 + before)[:, None]
    record = np.asarray(pd.factorize(entries.record_id)[0], dtype=np.int64)
    split_at = _split(entries)
    table = pd.DataFrame(
        [
            {"outcome": cause, "stage": where, **_examine(entries, x, record, k + 1, where, split_at)}
            for where in (ALL, *entries.stages)
            for k, cause in enumerate(CAUSES)
        ]
    )
    overall = (table["stage"] == ALL).to_numpy()
    held = np.concatenate([hold_by_holm(table.loc[mine, "p"].to_numpy()) for mine in (overall, ~overall)])
    table.insert(list(table).index("p") + 1, "p_holm", held)
    table["verdict"] = [_judge(row) for row in table.to_dict("records")]
    return ClockReset(table=table, split_at=split_at)


def _examine(
    entries: StayRows, x: FloatArray, record: IntArray, event: int, where: str, split_at: int
) -> dict[str, float]:
    assert entries.duration is not None and entries.event is not None
    here = np.ones(len(entries), dtype=bool) if where == ALL else entries.stage == where
    happened = (entries.event == event) & here
    late = np.maximum(entries.age, 0.0)
    known_until = _age_at(entries, split_at)

    def lay(entry: FloatArray, duration: FloatArray) -> StageRisks:
        ends = happened & (duration == entries.duration)
        there = (duration > entry) | ((duration == entry) & (entry == 0))
        return lay_stage_risks(entries.place, duration, ends, entry=entry, weights=there.astype(np.float64))

    past = lay(late, np.minimum(entries.duration, known_until))
    future = lay(np.maximum(late, known_until), entries.duration)
    return {
        "stays": int(here.sum()),
        "events": int(happened.sum()),
        **_estimate(x, record, lay(late, entries.duration)),
        **_foretell(x, past, future, record),
    }


def _read(rows: StayRows) -> tuple[StayRows, FloatArray]:
    """Return each stay once, from the first time it is seen, and the days before its stage."""
    if rows.duration is None or rows.event is None:
        raise ModelInputError("these stays have no end to learn from; take them from learn_stays")
    if DAYS_BEFORE not in rows.covariates:
        raise ModelInputError(f"these stays do not tell '{DAYS_BEFORE}'; take them from learn_stays as they are")
    entries = rows.take(rows.seen_first())
    before = entries.covariates[DAYS_BEFORE].to_numpy(dtype=np.float64)
    known = np.flatnonzero(np.isfinite(before) & (before >= 0))
    if not len(known):
        raise NotEnoughDataError("no stay tells the days before its stage; choose a later date or check the stages")
    return entries.take(known), before[known]


def _split(entries: StayRows) -> int:
    """Return the instant before which ``LEARNED`` of the ended stays had ended."""
    assert entries.duration is not None and entries.event is not None
    ended_at = entries.entered_at + np.rint(entries.duration * DAY).astype(np.int64)
    ended = ended_at[entries.event > 0]
    return int(np.quantile(ended if len(ended) else ended_at, LEARNED, method="higher"))


def _age_at(entries: StayRows, instant: int) -> FloatArray:
    """Return the age of each stay that was last known before an instant; negative where it had not begun."""
    age = (instant - entries.entered_at) / DAY
    return (np.round(age) if entries.grain == "day" else age) - 1 / DAY


def _estimate(x: FloatArray, record: IntArray, risks: StageRisks) -> dict[str, float]:
    nothing = dict.fromkeys(("log_ratio", "ratio", "std_err", "low", "high", "p"), np.nan)
    at_risk = x[risks.row]
    effect = _fit(at_risk, risks)
    if risks.happened.sum() < LEAST_EVENTS or not effect.any():
        return nothing
    likelihood = evaluate_partial_likelihood(at_risk, effect, risks)
    error = float(np.sqrt(cover_effects(likelihood, record[risks.row], prior_sd=PRIOR_SD)[0, 0]))
    b, wide = float(effect[0]), float(ndtri(0.975)) * error
    return {
        "log_ratio": b,
        "ratio": float(np.exp(b)),
        "std_err": error,
        "low": float(np.exp(b - wide)),
        "high": float(np.exp(b + wide)),
        "p": float(2 * ndtr(-abs(b) / error)),
    }


def _fit(x: FloatArray, risks: StageRisks) -> FloatArray:
    """Return the effect of one column, shape (1,), by Newton's steps; 0 where it does not vary among those at risk."""
    effect, precision = np.zeros(1), 1 / PRIOR_SD**2
    for _ in range(MOST_STEPS):
        at = evaluate_partial_likelihood(x, effect, risks)
        step = (at.scores.sum() - effect * precision) / (at.information[0, 0] + precision)
        effect = effect + np.clip(step, -1.0, 1.0)
        if abs(step[0]) < NEAR:
            break
    return np.where(np.abs(effect) > NEAR, effect, 0.0)


def _foretell(x: FloatArray, past: StageRisks, future: StageRisks, record: IntArray) -> dict[str, float]:
    """Return by how much the effect of the past raises the log partial likelihood of the future, per event."""
    happened = np.flatnonzero(future.happened)
    told: dict[str, float] = {"gain": np.nan, "gain_std_err": np.nan, "later_events": len(happened)}
    if min(past.happened.sum(), len(happened)) < LEAST_EVENTS:
        return told
    effect = _fit(x[past.row], past)
    if not effect.any():
        return told
    terms = [evaluate_partial_likelihood(x[future.row], given, future).terms for given in (effect, 0 * effect)]
    each = (terms[0] - terms[1])[happened]
    by_record = np.bincount(pd.factorize(record[future.row[happened]])[0], each - each.mean())
    return told | {"gain": float(each.mean()), "gain_std_err": float(np.sqrt((by_record**2).sum()) / len(each))}


def _judge(row: dict[Any, Any]) -> str:
    if np.isnan(row["p_holm"]):
        return "too_few"
    if row["p_holm"] >= ERROR:
        return "starts_anew"
    return "carries_on" if row["gain"] > row["gain_std_err"] else "not_foretold"


def _tell(row: dict[Any, Any], language: Language) -> str:
    name = name_outcome(row["outcome"], language)
    ratio = f"{row['ratio']:.2f}"
    limits = say(
        language,
        en=f"{ratio} times as fast per doubling of the days before, {row['low']:.2f} to {row['high']:.2f}",
        zh=f"此前天数每翻一倍，速度为 {ratio} 倍，区间 {row['low']:.2f} 至 {row['high']:.2f}",
    )
    what = {
        "carries_on": ("the clock does not start anew", "时钟并不在阶段开始时归零"),
        "not_foretold": (
            "the days before tell in hindsight, but were not shown to foretell what came later",
            "此前天数事后有关联，但未显示能预示后来的结果",
        ),
        "starts_anew": ("nothing speaks against a clock that starts anew", "没有迹象表明时钟不归零"),
    }[row["verdict"]]
    return say(language, en=f"{name.capitalize()}: {what[0]} ({limits}).", zh=f"{name}：{what[1]}（{limits}）。")
