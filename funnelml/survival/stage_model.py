"""The stage model: for every running stay, when it ends and how, and when the record is won."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.history.episodes import StageEpisodes
from funnelml.schema import DAY
from funnelml.survival.calendar import CalendarFactors, fit_calendar, local_days
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.hazards import StageHazards, fit_hazards
from funnelml.survival.later_stages import enter_later, group_kinds
from funnelml.survival.learning_stays import stays_of_episodes
from funnelml.survival.packed_stays import pack_stays
from funnelml.survival.ratios.boosted import BoostedRatios, fit_boosted
from funnelml.survival.ratios.cox import CoxRatios, fit_cox
from funnelml.survival.ratios.linear import LinearRatios, fit_linear
from funnelml.survival.ratios.pieces import N_BANDS, cut_pieces
from funnelml.survival.renewal import WON, put_on_days, win_after_entry, win_after_entry_by_date
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stay_rows import StayRows
from funnelml.survival.stays import refuse
from funnelml.survival.steps_ahead import Steps, lay_steps, push_in_steps, share_leaving
from funnelml.survival.transitions import fit_transitions

_TURNS: Final = 2
"""How often baseline and ratios are learned in turn before the last time."""
_CHUNK: Final = 500
"""Rows that are carried through all steps at once: bounds memory."""
_ROWS: Final = 5_000
"""Rows of which ratios are told at once: bounds memory as well."""
_KINDS: Final = 128
"""Kinds of record that are carried through later stages at once."""
RatioKind = Literal["none", "cox", "linear", "boosted"]


class StageModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    r"""A semi-Markov model of the funnel with competing ends, whose clock starts anew in every stage.

    Parameters
    ----------
    ratios : {"none", "cox", "linear", "boosted"}
        What covariates do: nothing; act on the log of the hazards by Cox's model, at every age alike, with errors and
        tests; the same shrunken, fading with the days ahead; or through boosted trees on top of that.
    calendar : bool
        Whether days of the week and the end of the quarter have factors.
    half_life_days : float, optional
        Days after which what happened weighs half; by default all of the past weighs the same.
    random_state : int
        Seed of the boosting.

    Attributes
    ----------
    stages_ : tuple of str
        Stages in order.
    hazards_ : dict of str to StageHazards
        Baseline of each stage by age, exact, each leaning on all stages where it is thin.
    ratios_ : CoxRatios, LinearRatios, BoostedRatios or None
        How many times the baseline each record's hazards are.
    calendar_ : CalendarFactors or None
        Factors of dates.
    towards_ : numpy.ndarray, shape (S, 2, S)
        Where a record goes that advances, or moves back.
    n_stays_ : int
        Stays learned from.

    Notes
    -----
    The hazard of cause k at age a in stage s on date d is :math:`h_{sk}(a)\, r_k(x)\, c_k(d)`: a nonparametric
    baseline, a ratio, a factor of the date. With ratios of 1 it is landmark Aalen-Johansen by stage: whatever
    covariates add has that to beat. A share that never leaves is allowed: the baseline is not forced to end. Nothing is
    assumed beyond the longest stay of any stage: see ``days_observed``.
    """

    def __init__(
        self,
        *,
        ratios: RatioKind = "linear",
        calendar: bool = False,
        half_life_days: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.ratios = ratios
        self.calendar = calendar
        self.half_life_days = half_life_days
        self.random_state = random_state

    def fit(self, stays: StayRows | StageEpisodes, weights: ArrayLike | None = None) -> StageModel:
        """Learn from stays.

        Parameters
        ----------
        stays : StayRows or StageEpisodes
            As ``learn_stays`` returns them, or all stays as known on a date: then the path alone tells of a record.
        weights : array-like, shape (n,), optional
            Weight of each row, such as those of a bootstrap by record.

        Raises
        ------
        NotEnoughDataError
            If there is no stay.
        ModelInputError
            If a parameter is none of its kinds, or the weights do not fit.
        """
        rows = stays_of_episodes(stays) if isinstance(stays, StageEpisodes) else stays
        self._check(rows)
        assert rows.duration is not None and rows.event is not None and rows.next_stage is not None
        given = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
        if given.shape != (len(rows),):
            raise ModelInputError(f"weights must be of shape ({len(rows)},) like the stays, not of {given.shape}")
        refuse(~(np.isfinite(given) & (given >= 0)), "weights are negative or not finite", "use 0 for next to none")
        weight = given * self._recency(rows)
        once = np.flatnonzero(rows.seen_first())
        entries = rows.take(once)
        assert entries.duration is not None and entries.event is not None
        self.stages_ = rows.stages
        self.grain_ = rows.grain
        self.time_zone_ = rows.time_zone
        self.n_stays_ = len(once)
        self.towards_ = fit_transitions(entries, weight[once])
        self.ratios_: CoxRatios | LinearRatios | BoostedRatios | None = None
        self._learn_baseline(entries, weight[once], None)
        self.calendar_: CalendarFactors | None = None
        if self.calendar:
            self.calendar_ = fit_calendar(entries, self.hazards_, weight[once], random_state=self.random_state)
        self._entry_ratios: FloatArray | None = None
        if self.ratios == "cox":
            self.ratios_ = fit_cox(entries, weight[once])
            self._learn_baseline(entries, weight[once], _at_entry(self.ratios_, entries))
        elif self.ratios != "none":
            # The baseline is that of a record whose ratios are 1; it and the ratios are learned in turn.
            for _ in range(_TURNS):
                linear = fit_linear(rows, cut_pieces(rows, self.hazards_), weight)
                self._entry_ratios = _at_entry(linear, entries)
                self._learn_baseline(entries, weight[once], self._entry_ratios)
            pieces = cut_pieces(rows, self.hazards_)
            self.ratios_ = (
                fit_linear(rows, pieces, weight)
                if self.ratios == "linear"
                else fit_boosted(rows, pieces, weight, random_state=self.random_state)
            )
        self.typical_ = enter_later(entries)
        # All that draws need, and no more: this goes into the store.
        used = entries.covariates.columns if isinstance(self.ratios_, CoxRatios) else ()
        self._entries = pack_stays(entries, used)
        self._entry_weight = weight[once]
        return self

    def predict_cumulative_incidence(self, rows: StayRows, times: ArrayLike) -> FloatArray:
        """Return the chance to have left the present stage by each cause, given the stay so far.

        Parameters
        ----------
        rows : StayRows
            Running stays, as ``open_stays`` returns them.
        times : array-like, shape (m,)
            Days ahead, not negative.

        Returns
        -------
        numpy.ndarray, shape (n, 1 + K, m)
            Row 0: still in the stage; then advanced, won, lost, moved back. Columns sum to 1.
        """
        asked = _check_times(times)
        if self.ratios_ is None and self.calendar_ is None:
            alike, back = _group_alike(rows)
            if len(alike) < len(rows):
                return self.predict_cumulative_incidence(rows.take(alike), asked)[back]
        self._check_funnel(rows)
        steps = lay_steps(asked, grain=self.grain_)
        ended = steps.ended_by(asked)
        ratios, dates = self._ratios_of(rows), self._dates_ahead(rows, int(steps.day[-1]) + 2)
        out = np.zeros((len(rows), 1 + N_CAUSES, len(asked)))
        for place, mine in self._by_stage(rows.place):
            mass = self._leave(place, rows.age[mine], steps, None if ratios is None else ratios[mine], dates)
            so_far = np.concatenate((np.zeros((len(mine), 1, N_CAUSES)), np.cumsum(mass, axis=1)), axis=1)
            out[mine, 1:] = np.moveaxis(so_far[:, ended], 1, 2)
        out[:, 0] = 1 - out[:, 1:].sum(axis=1)
        return out

    def predict_won_by(self, rows: StayRows, times: ArrayLike) -> FloatArray:
        """Return the chance of each record to be won by each time, through all remaining stages.

        Parameters
        ----------
        rows : StayRows
            Running stays, all seen at one instant.
        times : array-like, shape (m,)
            Days ahead, not negative.

        Returns
        -------
        numpy.ndarray, shape (n, m)

        Notes
        -----
        The renewal equation on calendar days: what happens in the present stage is exact, later stages are entered at
        any time of a day alike. What moves while a record sits (activities, pushes) acts in the present stage only:
        later stages are entered with what is typical, and with all days by now before them.
        """
        asked = _check_times(times)
        self._check_funnel(rows)
        if not len(rows) or not len(asked):
            return np.zeros((len(rows), len(asked)))
        if self.ratios_ is None and self.calendar_ is None:
            alike, back = _group_alike(rows)
            if len(alike) < len(rows):
                return self.predict_won_by(rows.take(alike), asked)[back]
        steps = lay_steps(asked, grain=self.grain_)
        days = int(steps.day[-1]) + 1
        ends, between = _whole_days(asked, grain=self.grain_)
        ratios, dates = self._ratios_of(rows), self._dates_ahead(rows, days + 1)
        kind, kinds = self._kinds(rows)
        won = np.zeros((len(rows), len(asked)))
        ended = steps.ended_by(asked)
        for first in range(0, int(kind.max()) + 1, _KINDS):
            alike = np.flatnonzero((kind >= first) & (kind < first + _KINDS))
            later = self._later(None if kinds is None else kinds[first : first + _KINDS], dates, days, ends)
            for place, mine in self._by_stage(rows.place[alike]):
                these = alike[mine]
                mass = self._leave(place, rows.age[these], steps, None if ratios is None else ratios[these], dates)
                direct = np.concatenate((np.zeros((len(these), 1)), np.cumsum(mass[..., WON], axis=1)), axis=1)
                won[these] = direct[:, ended]
                # Two ways on, each to where it leads on each day: one product for each record.
                left = put_on_days(mass[..., [0, 3]], steps, days).reshape(len(these), -1)
                onward = np.einsum("wt,ptuj->puwj", self.towards_[place], later).reshape(len(later), -1, len(ends))
                if len(onward) == 1:
                    won[these] += left @ (onward[0] @ between)
                else:
                    won[these] += (left[:, None] @ onward[kind[these] - first])[:, 0] @ between
        return np.clip(won, 0.0, 1.0)

    def days_observed(self, rows: StayRows) -> FloatArray:
        """Return for how many days ahead anybody was followed from each row's age on, shape (n,): 0 if for none."""
        until = np.array([self.hazards_[name].observed_until for name in self.stages_])[rows.place]
        return np.maximum(until - np.maximum(rows.age, 0.0), 0.0)

    def draws(self, n: int, *, seed: int) -> Iterator[StageModel]:
        """Return models drawn from what the parameters may be.

        Parameters
        ----------
        n : int
            Number of models.
        seed : int
            Seed of the draws.

        Yields
        ------
        StageModel
            The baseline and the ways on learned again with exponential weights of mean 1, one per record (the Bayesian
            bootstrap: Rubin, Annals of Statistics 9, 1981); effects of the ratios drawn from their posterior.
        """
        generator = np.random.default_rng(seed)
        record, entries = self._entries.record, self._entries.unpack()
        for _ in range(n):
            drawn = copy.copy(self)
            weight = self._entry_weight * generator.exponential(size=int(record.max()) + 1)[record]
            if self.ratios_ is not None:
                drawn.ratios_ = self.ratios_.redraw(generator)
            cox = drawn.ratios_ if isinstance(drawn.ratios_, CoxRatios) else None
            drawn._learn_baseline(entries, weight, self._entry_ratios if cox is None else _at_entry(cox, entries))
            drawn.towards_ = fit_transitions(entries, weight)
            yield drawn

    def _check(self, rows: StayRows) -> None:
        if self.ratios not in get_args(RatioKind):
            raise ModelInputError(f"ratios is 'none', 'cox', 'linear' or 'boosted', not {self.ratios!r}")
        if self.half_life_days is not None and not self.half_life_days > 0:
            raise ModelInputError(f"half_life_days is a positive number of days or None, not {self.half_life_days}")
        if rows.duration is None:
            raise ModelInputError("these stays have no end to learn from; take them from learn_stays")
        if not len(rows):
            raise NotEnoughDataError("there is no stay to learn from; choose a later date or check the stages")

    def _recency(self, rows: StayRows) -> FloatArray:
        if self.half_life_days is None:
            return np.ones(len(rows))
        assert rows.duration is not None
        ended = rows.entered_at + np.rint(rows.duration * DAY)
        return np.asarray(0.5 ** ((ended.max() - ended) / DAY / self.half_life_days))

    def _learn_baseline(self, entries: StayRows, weight: FloatArray, ratios: FloatArray | None) -> None:
        assert entries.duration is not None and entries.event is not None
        self.hazards_: dict[str, StageHazards] = fit_hazards(
            entries.stage,
            entries.duration,
            entries.event,
            entry=np.maximum(entries.age, 0.0),
            weights=weight,
            stages=entries.stages,
            ratios=ratios,
        )

    def _check_funnel(self, rows: StayRows) -> None:
        if rows.stages != self.stages_:
            raise ModelInputError("these stays are of another funnel than the model; train it again on this one")

    def _by_stage(self, places: IntArray) -> Iterator[tuple[int, NDArray[np.intp]]]:
        for place in range(len(self.stages_)):
            mine = np.flatnonzero(places == place)
            for begin in range(0, len(mine), _CHUNK):
                yield place, mine[begin : begin + _CHUNK]

    def _leave(
        self, place: int, age: FloatArray, steps: Steps, ratios: FloatArray | None, dates: FloatArray | None
    ) -> FloatArray:
        push = push_in_steps(self.hazards_[self.stages_[place]], age, steps, ratios=ratios)
        return share_leaving(push, steps, calendar=dates)

    def _ratios_of(self, rows: StayRows) -> FloatArray | None:
        if self.ratios_ is None:
            return None
        parts = []
        for begin in range(0, max(len(rows), 1), _ROWS):
            some = rows.take(np.arange(begin, min(begin + _ROWS, len(rows))))
            n = len(some)
            every = self.ratios_.ratios(some, np.tile(np.arange(n), N_BANDS), np.repeat(np.arange(N_BANDS), n))
            parts.append(np.moveaxis(every.reshape(N_BANDS, n, N_CAUSES), 0, 2))
        return np.concatenate(parts)

    def _dates_ahead(self, rows: StayRows, days: int) -> FloatArray | None:
        if self.calendar_ is None or not len(rows):
            return None
        if len(np.unique(rows.at)) > 1:
            raise ModelInputError("rows seen at several instants have several calendars; predict date by date")
        first = local_days(np.unique(rows.at), self.time_zone_)[0]
        return self.calendar_.on(first + np.arange(days))

    def _kinds(self, rows: StayRows) -> tuple[NDArray[np.intp], FloatArray | None]:
        """Return which kind each record is of in later stages, and the ratios of each kind, (P, K, bands)."""
        # At its entry a stage has no effect of its own on the ratios, so that one stands for all.
        entering = self._ratios_of(self.typical_.rows(rows, self.stages_[0]))
        return (np.zeros(len(rows), dtype=np.intp), None) if entering is None else group_kinds(entering)

    def _later(
        self, kinds: FloatArray | None, dates: FloatArray | None, days: int, ends: NDArray[np.int64]
    ) -> FloatArray:
        """Return the chance to be won within so many days by what enters a stage on each of them, (P, S, days, m)."""
        steps = lay_steps(np.array([float(days)]), grain=self.grain_, entering=True)
        entry = np.array([-1.0])
        push = [push_in_steps(self.hazards_[name], entry, steps, ratios=kinds) for name in self.stages_]

        def fresh(dates: FloatArray | None, until: int) -> FloatArray:
            these = steps.first(until)
            parts = [share_leaving(part[:, : len(these)], these, calendar=dates) for part in push]
            return np.stack([put_on_days(mass, these, until, calendar=dates) for mass in parts], axis=1)

        if dates is None:
            won = win_after_entry(fresh(None, days), self.towards_)
            left = ends[None, :] - 1 - np.arange(days)[:, None]
            return np.where(left >= 0, won[:, :, np.maximum(left, 0)], 0.0)
        return win_after_entry_by_date(lambda day: fresh(dates[:, day:], days - day), days, self.towards_, ends - 1)


def _whole_days(times: FloatArray, *, grain: str) -> tuple[NDArray[np.int64], FloatArray]:
    """Return whole numbers of days around the times, shape (w,), and how much of each makes up each time, (w, m)."""
    low = np.ceil(times) if grain == "day" else np.floor(times)
    share = np.maximum(times - low, 0.0)
    ends = np.unique(np.concatenate((low, np.ceil(times))))
    each = np.arange(len(times))
    between = np.zeros((len(ends), len(times)))
    between[np.searchsorted(ends, low), each] = 1 - share
    between[np.searchsorted(ends, np.ceil(times)), each] += share
    return ends.astype(np.int64), between


def _at_entry(ratios: CoxRatios | LinearRatios, entries: StayRows) -> FloatArray:
    """Return how many times the baseline the hazards of each stay are at first, shape (n, K)."""
    return ratios.ratios(entries, np.arange(len(entries)), np.zeros(len(entries), dtype=np.int64))


def _group_alike(rows: StayRows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one row of each stage and age, and which of them each row is like."""
    _, first, back = np.unique(rows.place + 1j * rows.age, return_index=True, return_inverse=True)
    return first, back.reshape(-1)


def _check_times(times: ArrayLike) -> FloatArray:
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if asked.ndim != 1 or not np.isfinite(asked).all() or (asked < 0).any():
        raise ModelInputError("times are days ahead: finite numbers that are not negative")
    return asked
