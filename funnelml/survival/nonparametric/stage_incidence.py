"""Competing risks of each stage without a model: how stays end, by when, with what certainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.errors import InputError, NotEnoughDataError, did_you_mean
from funnelml.history.episodes import StageEpisodes
from funnelml.history.funnel import Funnel
from funnelml.language import Language
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.incidence import curve_of
from funnelml.survival.nonparametric.bands import LEAST_AT_RISK, check_level, pointwise_band, simultaneous_band
from funnelml.survival.nonparametric.record_groups import Groups, group_stays
from funnelml.survival.nonparametric.words import tell_incidence
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stays import Stays, read_stays

OUTCOMES: Final = ("still_in_stage", *CAUSES)
"""What may have become of a stay, in the order of the rows of a curve."""
WANTED_STD_ERR: Final = 0.05
"""A standard error of more than five points is called too few stays."""
LEAST_ENDED: Final = 10
"""Fewest ends from which a standard error can be trusted; with fewer, the count is that of the widest share."""


@dataclass(frozen=True, kw_only=True)
class StageCurve:
    """The incidence of one stage in one group.

    Parameters
    ----------
    stays : Stays
        What it was estimated from, one cluster for each record.
    curve : CumulativeIncidence
        The estimate, causes as in ``funnelml.survival.causes``.
    """

    stays: Stays
    curve: CumulativeIncidence

    @property
    def told_until(self) -> float:
        """Last day on which ten records were at risk; the last follow-up if there never were so many."""
        return _told_until([self.stays])


@dataclass(frozen=True, kw_only=True)
class StageIncidence:
    """How stays end in every stage, and in every group of records.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    level : float
        Chance with which the interval of one day is to hold the truth.
    curves : mapping of (str, object) to StageCurve
        By stage and group; the stages in the order of the funnel.
    counts : pandas.DataFrame
        One row per ``stage, group``: ``stays, records``; how many ``advanced, won, lost, moved_back`` and are
        ``running``; ``late`` (came under observation after they had begun); ``told_until`` (last day on which ten
        records were at risk), ``observed_until``; ``std_err`` (the largest of any outcome by ``told_until``),
        ``stays_wanted`` (as many as would bring it to five points) and ``enough``.
    """

    as_of: date
    funnel: Funnel
    level: float
    curves: Mapping[tuple[str, object], StageCurve]
    counts: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return every curve at day 0, at each day on which somebody left, and at the last follow-up.

        Returns
        -------
        pandas.DataFrame
            ``stage, group, days, outcome, incidence, std_err, low, high, at_risk``.
        """
        return self._read({key: _own_days(of) for key, of in self.curves.items()})

    def at(self, days: ArrayLike) -> pd.DataFrame:
        """Return every curve on the same days, as ``to_frame`` does.

        Parameters
        ----------
        days : array-like, shape (j,)
            Days in the stage, not negative.

        Returns
        -------
        pandas.DataFrame
            NaN beyond what was observed.

        Raises
        ------
        ModelInputError
            If a day is negative or not a finite number.
        """
        same = np.atleast_1d(np.asarray(days, dtype=np.float64))
        return self._read(dict.fromkeys(self.curves, same))

    def bands(self, *, between: tuple[float, float] | None = None, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
        """Return bands that are to hold each whole curve over a range of days.

        Parameters
        ----------
        between : tuple of float, optional
            First and last day of the range; see ``simultaneous_band`` for what it is by default.
        draws, seed : int
            Draws of the multiplier bootstrap, and their seed.

        Returns
        -------
        pandas.DataFrame
            ``stage, group, days, outcome, low, high, critical`` (standard errors the band reaches), one row for each
            day inside of the range on which somebody left.

        Raises
        ------
        InputError
            If the range is empty or there are fewer than 100 draws.
        """
        parts = []
        for (stage, group), of in self.curves.items():
            band = simultaneous_band(of.stays, of.curve, level=self.level, between=between, draws=draws, seed=seed)
            table = _tidy(stage, group, band.times, {"low": band.low, "high": band.high})
            table["critical"] = np.tile(band.critical, len(band.times))
            parts.append(table[np.isfinite(table["low"])])
        return pd.concat(parts, ignore_index=True)

    def of(self, stage: str, group: object | None = None) -> StageCurve:
        """Return the curve of one stage, and of one group where there are several.

        Raises
        ------
        InputError
            If no stay of that stage and group is known; the message names those that are.
        """
        groups = [g for s, g in self.curves if s == stage]
        if not groups:
            known = list(dict.fromkeys(s for s, _ in self.curves))
            raise InputError(
                f"no stay in stage '{stage}' is known{did_you_mean(str(stage), known)}; there are {', '.join(known)}"
            )
        if group is None and len(groups) == 1:
            return self.curves[stage, groups[0]]
        if group not in groups:
            names = ", ".join(map(str, groups))
            raise InputError(f"no stay of group '{group}' in stage '{stage}' is known; choose one of {names}")
        return self.curves[stage, group]

    def summary(self, language: Language = "en") -> str:
        """Return how stays end in each stage, and where there are too few to tell."""
        until = self.common_days()
        ends = {(stage, group): of.curve(until[stage]) for (stage, group), of in self.curves.items()}
        return tell_incidence(self.counts, until, ends, language)

    def common_days(self) -> dict[str, float]:
        """Return for each stage the day to which its groups are told and compared.

        The last day on which ten records of all groups together were at risk, and to which each group that has enough
        stays was observed.
        """
        days: dict[str, float] = {}
        for stage, rows in self.counts.groupby("stage", sort=False):
            together = [self.curves[str(stage), group].stays for group in rows["group"]]
            observed = rows.loc[rows["enough"], "observed_until"].min()
            days[str(stage)] = min(_told_until(together), np.inf if np.isnan(observed) else float(observed))
        return days

    def _read(self, days: Mapping[tuple[str, object], FloatArray]) -> pd.DataFrame:
        parts = []
        for (stage, group), of in self.curves.items():
            on = days[stage, group]
            low, high = pointwise_band(of.stays, of.curve, on, level=self.level)
            values = {"incidence": of.curve(on), "std_err": of.curve.standard_error(on), "low": low, "high": high}
            parts.append(
                _tidy(stage, group, on, values).assign(at_risk=np.repeat(of.stays.at_risk_on(on), 1 + N_CAUSES))
            )
        return pd.concat(parts, ignore_index=True)


def stage_incidence(episodes: StageEpisodes, *, by: Groups | None = None, level: float = 0.9) -> StageIncidence:
    """Estimate how stays end in every stage, open stays included as censored.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on a date.
    by : pandas.Series, mapping, sequence or numpy.ndarray, optional
        Groups: by record id (series or mapping), or one for each stay. They should be what was known on that date.
    level : float
        Chance with which the interval of one day is to hold the truth.

    Returns
    -------
    StageIncidence
        Stages that no record was seen in are left out.

    Raises
    ------
    NotEnoughDataError
        If there is no stay at all.
    InputError
        If a stay has no group, or the level is no probability.

    Notes
    -----
    The exact Aalen-Johansen estimate (``estimate_incidence``) with the variance between records, since one that
    returns to a stage has several stays there. Its measured coverage stands in ``benchmarks/README.md``.
    """
    check_level(level)
    stays = episodes.table
    if stays.empty:
        raise NotEnoughDataError(
            f"no stay in an open stage of funnel '{episodes.funnel.name}' is known by {episodes.as_of}; "
            f"{_widest(WANTED_STD_ERR)} stays bring every standard error to {100 * WANTED_STD_ERR:.0f} points"
        )
    group = group_stays(episodes, by)
    columns = [stays[c].to_numpy() for c in ("stage", "duration_days", "event", "from_age_days", "record_id")]
    stage = columns[0]
    curves: dict[tuple[str, object], StageCurve] = {}
    rows = []
    for name in episodes.funnel.stages:
        here = stage == name
        for of in sorted(pd.unique(group[here]), key=str):
            chosen = here & (group == of)
            duration, event, entry, record = (c[chosen] for c in columns[1:])
            read = read_stays(duration, event, entry=entry, cluster=record, n_causes=N_CAUSES)
            curves[name, of] = StageCurve(stays=read, curve=curve_of(read))
            rows.append({"stage": name, "group": of} | _count(curves[name, of]))
    return StageIncidence(
        as_of=episodes.as_of, funnel=episodes.funnel, level=level, curves=curves, counts=pd.DataFrame(rows)
    )


def _told_until(together: Sequence[Stays]) -> float:
    ends = np.unique(np.concatenate([stays.duration for stays in together]))
    at_risk = sum((stays.at_risk_on(ends) * stays.records_per_weight for stays in together), np.zeros(len(ends)))
    enough = at_risk >= LEAST_AT_RISK - 1e-9
    return float(ends[enough][-1] if enough.any() else ends[-1])


def _own_days(of: StageCurve) -> FloatArray:
    return np.unique(np.concatenate(([0.0], of.curve.times, [of.curve.last_follow_up])))


def _tidy(stage: str, group: object, days: FloatArray, values: Mapping[str, FloatArray]) -> pd.DataFrame:
    table = {"days": np.repeat(days, 1 + N_CAUSES), "outcome": np.tile(np.array(OUTCOMES, dtype=object), len(days))}
    return pd.DataFrame(
        {"stage": stage, "group": group} | table | {name: rows.T.ravel() for name, rows in values.items()}
    )


def _count(of: StageCurve) -> dict[str, object]:
    stays, curve = of.stays, of.curve
    n = len(stays.duration)
    ends = np.bincount(stays.event, minlength=1 + N_CAUSES)
    told = of.told_until
    error = float(np.max(curve.standard_error(curve.times[curve.times <= told]), initial=0.0))
    trusted = n - int(ends[0]) >= LEAST_ENDED
    wanted = int(np.ceil(n * (error / WANTED_STD_ERR) ** 2 - 1e-9)) if trusted else _widest(WANTED_STD_ERR)
    return {
        "stays": n,
        "records": int(np.asarray(stays.cluster).max()) + 1,
        **{name: int(count) for name, count in zip(CAUSES, ends[1:], strict=True)},
        "running": int(ends[0]),
        "late": int((stays.entry > 0).sum()),
        "told_until": told,
        "observed_until": curve.observed_until,
        "std_err": error if trusted else np.nan,
        "stays_wanted": wanted,
        "enough": wanted <= n,
    }


def _widest(std_err: float) -> int:
    """Return the stays that bring the standard error of a share of one half down to ``std_err``."""
    return int(np.ceil(0.25 / std_err**2 - 1e-9))
