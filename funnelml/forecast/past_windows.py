"""Windows of the same length that had ended by the as-of date: what they say about width, and about covariates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.forecast.shock import Shock, learn_shock
from funnelml.history.dates import day_of
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import WON
from funnelml.history.history import History
from funnelml.history.snapshot import Snapshot, take_snapshot
from funnelml.schema import DAY
from funnelml.survival.landmark import landmark_incidence
from funnelml.survival.landmark_draws import draw_landmark_ratios
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stage_model import StageModel

MOST_WINDOWS: Final = 12
"""Past windows that the width of the shock is learned from."""
MOST_COMPARED: Final = 2
"""Past windows on which the stage model is held against the landmark incidence."""
_DRAWS: Final = 20
_DOUBT: Final = 2.0
_FAINTEST: Final = 1e-4


@dataclass(frozen=True, kw_only=True)
class PastForecast:
    """What was expected on a past date of the records open then.

    Parameters
    ----------
    as_of : datetime.date
        Last day that was known.
    cut : int
        First instant that was not known.
    record_id : numpy.ndarray of object, shape (n,)
        Records open on that day.
    chance, amount : numpy.ndarray, shape (n,)
        Landmark incidence of being won within the window, and amounts as known then.
    luck_variance : float
        Variance of the log of the bookings by independent luck and uncertain chances.
    """

    as_of: date
    cut: int
    record_id: NDArray[np.object_]
    chance: FloatArray
    amount: FloatArray
    luck_variance: float

    @property
    def expected(self) -> float:
        """Expected bookings."""
        return float(self.amount @ self.chance)


@dataclass(frozen=True, kw_only=True)
class PastWindow:
    """A past forecast beside what came of it.

    Parameters
    ----------
    forecast : PastForecast
        What was expected.
    won : numpy.ndarray of bool, shape (n,)
        Whether each record was won within the window.
    history_weight : float
        0 if the log reached back one horizon or less, 1 from three horizons on.
    """

    forecast: PastForecast
    won: NDArray[np.bool_]
    history_weight: float

    @property
    def booked(self) -> float:
        """Bookings at the amounts of then: a shock of the chances is not one of the prices."""
        return float(self.forecast.amount[self.won].sum())


class PastForecasts:
    """Forecasts as they would have been made on past dates, each made once.

    Parameters
    ----------
    history : History
        Canonical tables; a forecast of a date sees only what was recorded by it.
    days : int
        Length of the windows.
    funnel : str, optional
        Funnel; the first by default.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.
    """

    def __init__(
        self, history: History, *, days: int, funnel: str | None = None, trusted: tuple[str, ...] = ()
    ) -> None:
        self.days = days
        self._history, self._trusted = history, trusted
        self._asked: dict[str, Any] = {"funnel": funnel}
        self._first = day_of(history.recorded_span(history.funnel(funnel))[0], history.time_zone)
        self._forecasts: dict[date, PastForecast | None] = {}
        self._models: dict[date, FloatArray | None] = {}

    def windows_before(self, now: Snapshot) -> tuple[PastWindow, ...]:
        """Return windows that had ended by a snapshot and do not overlap, the latest first.

        Parameters
        ----------
        now : Snapshot
            What is known today: it says what became of the records.

        Notes
        -----
        With less than two or three horizons of history a forecast is low, because nobody was followed long enough:
        such misses say little of shocks, so windows of a young log weigh less, and those under one horizon nothing.
        """
        origins = [now.as_of - timedelta(days=number * self.days) for number in range(1, MOST_WINDOWS + 1)]
        return tuple(window for window in self._ended(origins, now) if window.history_weight > 0)

    def compared_windows(self, now: Snapshot) -> tuple[PastWindow, ...]:
        """Return the latest windows that had ended by a snapshot of those laid end to end from the start of the log.

        Many forecasts share them, whatever the day they are made on: each is foretold by the stage model once.
        """
        ended = (now.as_of - self._first).days // self.days
        origins = [self._first + timedelta(days=(number - 1) * self.days) for number in range(ended, 0, -1)]
        return self._ended(origins[:MOST_COMPARED], now)

    def _ended(self, origins: list[date], now: Snapshot) -> tuple[PastWindow, ...]:
        later = now.records.set_index("record_id")
        found = []
        for origin in origins:
            weight = min(max(((origin - self._first).days / self.days - 1) / 2, 0.0), 1.0)
            told = self._forecast_of(origin) if (origin - self._first).days >= self.days else None
            if told is None:
                continue
            became = later.reindex(told.record_id)
            inside = (became["entered_at"] >= told.cut) & (became["entered_at"] < told.cut + self.days * DAY)
            won = ((became["stage"] == WON) & inside).to_numpy(dtype=bool)
            found.append(PastWindow(forecast=told, won=won, history_weight=weight))
        return tuple(found)

    def earn_weight(self, windows: tuple[PastWindow, ...]) -> float:
        """Return the weight, 0 to 1, that the stage model earned beside the landmark incidence on past windows.

        Parameters
        ----------
        windows : tuple of PastWindow
            As ``compared_windows`` returns them.

        Notes
        -----
        The weight with the greatest likelihood of what the records did (stacking: Wolpert, Neural Networks 5, 1992),
        if its gain over the landmark incidence alone is more than two standard errors, by record; else 0.
        """
        pairs = [
            (window.forecast.chance, told, window.won)
            for window in windows
            if (told := self._model_of(window.forecast)) is not None
        ]
        if not pairs:
            return 0.0
        landmark, model, won = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        alone = _log_score(landmark, won)
        best, gain = 0.0, np.zeros(len(won))
        for weight in np.linspace(0.1, 1.0, 10):
            mixed = _log_score((1 - weight) * landmark + weight * model, won) - alone
            if mixed.sum() > gain.sum():
                best, gain = float(weight), mixed
        return best if best and gain.mean() > _DOUBT * gain.std() / np.sqrt(len(gain)) else 0.0

    def model_chances(self, as_of: date, record_id: NDArray[np.object_], horizons: FloatArray) -> FloatArray:
        """Return the chance of records open on a date to be won by each horizon, as the stage model of then tells it.

        Parameters
        ----------
        as_of : datetime.date
            Last day that is known.
        record_id : numpy.ndarray of object, shape (n,)
            Records open on that day.
        horizons : numpy.ndarray, shape (m,)
            Days ahead.

        Raises
        ------
        NotEnoughDataError
            If nothing was ever entered by that date.
        """
        known: dict[str, Any] = {"as_of": as_of, "trusted": self._trusted, **self._asked}
        model = StageModel().fit(learn_stays(self._history, **known))
        seen = open_stays(self._history, **known)
        order = pd.Index(seen.record_id).get_indexer(pd.Index(record_id))
        return model.predict_won_by(seen, horizons)[order]

    def _model_of(self, told: PastForecast) -> FloatArray | None:
        if told.as_of not in self._models:
            try:
                chance = self.model_chances(told.as_of, told.record_id, np.array([float(self.days)]))[:, 0]
            except NotEnoughDataError:
                chance = None
            self._models[told.as_of] = chance
        return self._models[told.as_of]

    def _forecast_of(self, origin: date) -> PastForecast | None:
        if origin not in self._forecasts:
            try:
                self._forecasts[origin] = self._forecast(origin)
            except (AsOfError, NotEnoughDataError):
                self._forecasts[origin] = None
        return self._forecasts[origin]

    def _forecast(self, origin: date) -> PastForecast:
        then = take_snapshot(self._history, as_of=origin, **self._asked)
        episodes = stage_episodes(self._history, as_of=origin, **self._asked)
        records, horizon = then.open, np.array([float(self.days)])
        told = landmark_incidence(episodes, records, horizon)
        chance, stage = told.won[:, 0], records["stage"].to_numpy()
        amount = records["amount"].fillna(records["amount"].mean()).fillna(0.0).to_numpy()
        expected = float(amount @ chance)
        ratios = draw_landmark_ratios(
            episodes, stage, told.landmark_days, horizon, draws=_DRAWS, seed=origin.toordinal()
        )
        luck = float((amount**2) @ (chance * (1 - chance)))
        doubt = float(((ratios[:, :, 0] * chance) @ amount).var()) if len(records) else 0.0
        return PastForecast(
            as_of=origin,
            cut=then.cut,
            record_id=records["record_id"].to_numpy(dtype=object),
            chance=chance,
            amount=amount,
            luck_variance=(luck + doubt) / expected**2 if expected > 0 else np.inf,
        )


def learn_width(windows: tuple[PastWindow, ...]) -> Shock:
    """Learn the width of the shared shock from the windows in which something was expected and booked."""
    used = [w for w in windows if w.forecast.expected > 0 and w.booked > 0 and np.isfinite(w.forecast.luck_variance)]
    return learn_shock(
        np.array([np.log(w.booked / w.forecast.expected) for w in used]),
        np.array([w.forecast.luck_variance for w in used]),
        np.array([w.history_weight for w in used]),
    )


def _log_score(chance: FloatArray, won: NDArray[np.bool_]) -> FloatArray:
    inside = np.clip(chance, _FAINTEST, 1 - _FAINTEST)
    return np.asarray(np.where(won, np.log(inside), np.log(1 - inside)))
