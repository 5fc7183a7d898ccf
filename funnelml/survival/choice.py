"""The choice of a stage model, forward in time: what is simpler is left only for what is better beyond doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say
from funnelml.schema import DAY
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.evaluation.standard_errors import clustered_error
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stay_rows import StayRows

TIMES: Final = (7.0, 14.0, 28.0, 56.0)
"""Days ahead at which what was foretold is held against what happened."""
FOLDS: Final = 4
TESTED: Final = 0.4
"""Share of the time that the rows span, the latest, in which models are tested."""
LEAST_TESTED: Final = 100
"""Fewest running stays tested for a choice; with fewer the log-linear ratios are taken."""
_DOUBT: Final = 2.0
_KINDS: Final = {
    "cox": ("Cox ratios", "Cox 比率"),
    "linear": ("log-linear ratios", "对数线性比率"),
    "boosted": ("boosted ratios", "提升树比率"),
}

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class StageModelChoice:
    """Which stage model was chosen, and what else was tried.

    Parameters
    ----------
    parameters : dict
        Of the model chosen, as ``StageModel`` takes them.
    tried : pandas.DataFrame
        One row per model tried: ``ratios, calendar, half_life_days``; ``brier``, its mean Brier score (over rows,
        causes and times); ``gain``, how much less that is than the simplest's; ``gain_std_err`` by record; ``chosen``.
    tested : int
        Running stays tested.
    dates : int
        Dates on which they were seen.
    """

    parameters: dict[str, Any]
    tried: pd.DataFrame
    tested: int
    dates: int

    def to_frame(self) -> pd.DataFrame:
        """Return what was tried."""
        return self.tried

    def summary(self, language: Language = "en") -> str:
        """Return which model was chosen, and by how much it is better than the simplest."""
        best = self.tried[self.tried["chosen"]].iloc[0] if len(self.tried) else None
        if best is None:
            return say(
                language,
                en=f"Only {self.tested:,} running stays could be tested ({LEAST_TESTED:,} are needed), so nothing was "
                "chosen: the ratios are log-linear.",
                zh=f"可检验的在途停留只有 {self.tested:,} 个（需要 {LEAST_TESTED:,} 个），未作选择：采用对数线性比率。",
            )
        n, rows, dates = f"{len(self.tried):,}", f"{self.tested:,}", f"{self.dates:,}"
        if best.name == 0:
            return say(
                language,
                en=f"Of {n} models tested on {rows} running stays at {dates} later dates, none was better beyond doubt "
                "than stage and age alone, so these alone tell.",
                zh=f"在其后 {dates} 个日期的 {rows} 个在途停留上检验了 {n} 个模型，没有一个确凿优于只看阶段和时长的"
                "模型，因此只看这两项。",
            )
        base = self.tried["brier"].iloc[0]
        gain, error = f"{100 * best['gain'] / base:.1f}", f"{100 * best['gain_std_err'] / base:.1f}"
        return say(
            language,
            en=f"Of {n} models tested on {rows} running stays at {dates} later dates, that with "
            f"{name_kind(best)} was chosen: its Brier score is {gain} % (standard error {error}) less than that "
            "of stage and age alone.",
            zh=f"在其后 {dates} 个日期的 {rows} 个在途停留上检验了 {n} 个模型，选中“{name_kind(best, 'zh')}”的模型："
            f"其 Brier 评分比只看阶段和时长低 {gain}%（标准误 {error}）。",
        )


def name_kind(parameters: Mapping[str, Any] | pd.Series, language: Language = "en") -> str:
    """Return what a stage model with these parameters tells by, in words.

    Examples
    --------
    >>> name_kind({"ratios": "linear", "calendar": True, "half_life_days": None})
    'log-linear ratios, factors of the calendar'
    >>> name_kind({"ratios": "none", "calendar": False, "half_life_days": None}, "zh")
    '只看阶段和时长'
    """
    parts = []
    if parameters["ratios"] != "none":
        parts.append(_KINDS[parameters["ratios"]][language == "zh"])
    if parameters["calendar"]:
        parts.append(say(language, en="factors of the calendar", zh="日历因子"))
    if pd.notna(parameters["half_life_days"]):
        half = f"{parameters['half_life_days']:g}"
        parts.append(say(language, en=f"a half-life of {half} days", zh=f"半衰期 {half} 天"))
    return join_words(parts, language) or say(language, en="stage and age alone", zh="只看阶段和时长")


def choose_stage_model(rows: StayRows, *, random_state: int = 0, progress: Progress | None = None) -> StageModelChoice:
    """Choose the parameters of a stage model by its forecasts of later dates.

    Parameters
    ----------
    rows : StayRows
        As ``learn_stays`` returns them.
    random_state : int
        Seed of the models.
    progress : callable, optional
        Told what is tried next.

    Returns
    -------
    StageModelChoice

    Notes
    -----
    Models learn from what had happened before a date, and foretell the stays that were running at the dates until
    the next fold. First the ratios are chosen, then the calendar, then the recency. What is simpler is left only for a
    gain of two standard errors over records that shows in all folds but one at most: records speak of what covariates
    do, folds of what was a passing turn of the log.
    """
    assert rows.duration is not None
    folds = _make_folds(rows)
    test = np.concatenate([tested for _, tested in folds]) if folds else np.empty(0, dtype=np.int64)
    if len(test) < LEAST_TESTED:
        return StageModelChoice(
            parameters={"ratios": "linear", "random_state": random_state},
            tried=pd.DataFrame(),
            tested=len(test),
            dates=0,
        )
    fold = np.repeat(np.arange(len(folds)), [len(tested) for _, tested in folds])
    record = pd.factorize(rows.record_id[test])[0]
    tried: list[tuple[dict[str, Any], FloatArray]] = []

    def attempt(parameters: dict[str, Any]) -> FloatArray:
        if progress is not None:
            progress(", ".join(f"{name} {value}" for name, value in parameters.items()))
        losses = np.concatenate([_losses(rows, one, parameters | {"random_state": random_state}) for one in folds])
        tried.append((parameters, losses))
        return losses

    chosen: dict[str, Any] = {"ratios": "none", "calendar": False, "half_life_days": None}
    best = attempt(chosen)
    span = float(rows.at.max() - rows.at.min()) / DAY
    for step in (
        [{"ratios": "linear"}, {"ratios": "boosted"}],
        [{"calendar": True}],
        [{"half_life_days": round(span / share)} for share in (2, 4)],
    ):
        found = [(chosen | change, attempt(chosen | change)) for change in step]
        least, losses = min(found, key=lambda pair: float(pair[1].mean()))
        if is_better(best - losses, record=record, fold=fold):
            chosen, best = least, losses
    gains = [tried[0][1] - losses for _, losses in tried]
    table = pd.DataFrame([parameters for parameters, _ in tried]).assign(
        brier=[losses.mean() for _, losses in tried],
        gain=[gain.mean() for gain in gains],
        gain_std_err=[float(clustered_error(gain - gain.mean(), record)) for gain in gains],
        chosen=[parameters == chosen for parameters, _ in tried],
    )
    return StageModelChoice(
        parameters=chosen | {"random_state": random_state},
        tried=table,
        tested=len(test),
        dates=len(np.unique(rows.take(test).at)),
    )


def is_better(gain: FloatArray, *, record: IntArray, fold: IntArray) -> bool:
    """Return whether a gain is beyond doubt.

    Parameters
    ----------
    gain : numpy.ndarray, shape (n,)
        Loss of the simpler model less that of the other, of each tested row.
    record, fold : numpy.ndarray of int, shape (n,)
        Whose row it is, and in which fold it was tested.
    """
    by_fold = np.bincount(fold, gain) / np.bincount(fold)
    against = int((by_fold <= 0).sum())
    return bool(gain.mean() > _DOUBT * clustered_error(gain - gain.mean(), record) and against <= (len(by_fold) > 2))


def _make_folds(rows: StayRows) -> list[tuple[int, IntArray]]:
    """Return, by fold, the first instant that models may not know, and the running stays they are tested on."""
    assert rows.duration is not None
    last = int((rows.entered_at + np.rint(rows.duration * DAY).astype(np.int64)).max())
    # At least the shortest time ahead must have passed since.
    running = np.flatnonzero((rows.age >= 0) & (rows.at + TIMES[0] * DAY <= last))
    if not len(running):
        return []
    begin = rows.at.min() + (1 - TESTED) * (last - rows.at.min())
    seen_at = rows.take(running).at
    dates = np.unique(seen_at)
    dates = dates[dates >= begin]
    parts = np.array_split(dates, min(FOLDS, len(dates))) if len(dates) else []
    return [(int(part[0]), running[np.isin(seen_at, part)]) for part in parts]


def _losses(rows: StayRows, fold: tuple[int, IntArray], parameters: dict[str, Any]) -> FloatArray:
    """Return the Brier score of each tested row of a fold, a mean over times ahead that had passed."""
    assert rows.duration is not None and rows.event is not None
    now, test = fold
    last = int((rows.entered_at + np.rint(rows.duration * DAY).astype(np.int64)).max())
    model = StageModel(**parameters).fit(rows.known_by(now))
    losses, seen_at = np.zeros(len(test)), rows.take(test).at
    for date in np.unique(seen_at):
        mine = np.flatnonzero(seen_at == date)
        seen = rows.take(test[mine])
        assert seen.duration is not None and seen.event is not None
        times = np.array([t for t in TIMES if date + t * DAY <= last])
        foretold = model.predict_cumulative_incidence(seen, times)[:, 1:]
        by = (seen.duration - seen.age)[:, None, None] <= times
        happened = by & (seen.event[:, None, None] == np.arange(1, N_CAUSES + 1)[:, None])
        losses[mine] = ((foretold - happened) ** 2).sum(axis=1).mean(axis=1)
    return losses
