r"""The partial likelihood of Cox by stage: its value, scores of each stay and information, in linear time.

With risk sets of each stage, :math:`r_i = \exp(x_i \beta)`, :math:`S_0 = \sum w_i r_i` over those at risk and
:math:`\bar x = \sum w_i r_i x_i / S_0`, every sum over stays and times is one over stays of a function of time, read
off its cumulative sums: no loop over times, and exact delayed entry (Cox, JRSS B 34, 1972; ties as Breslow in its
discussion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnelml.survival.risk_sets import FloatArray, IntArray, count_risk_sets, sum_by


@dataclass(frozen=True, kw_only=True)
class StageRisks:
    """Stays of all stages among which one cause happens, by the times at which it did.

    Parameters
    ----------
    row : numpy.ndarray of int, shape (n,)
        Where each stay stood in what was handed in: stays that saw no event are left out.
    stage : numpy.ndarray of int, shape (n,)
        Position of the stage of each stay.
    first, last : numpy.ndarray of int, shape (n,)
        Stay ``i`` is at risk at ``times[first[i]:last[i]]``.
    happened : numpy.ndarray, shape (n,)
        1 where the cause ended the stay, else 0.
    weights : numpy.ndarray, shape (n,)
        Positive weights.
    times : numpy.ndarray, shape (m,)
        Ages at which it happened: those of the first stage, then those of the next, and so on.
    """

    row: IntArray
    stage: IntArray
    first: IntArray
    last: IntArray
    happened: FloatArray
    weights: FloatArray
    times: FloatArray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def events(self) -> FloatArray:
        """Weight of those that leave at each time, shape (m,)."""
        return sum_by(self.last - 1, self.weights * self.happened, len(self.times))

    def add_to_times(self, values: FloatArray) -> FloatArray:
        """Return the sums over those at risk at each time of values of shape (n,) or (n, c)."""
        m = len(self.times)
        if values.ndim == 1:
            return np.cumsum(sum_by(self.first, values, m + 1) - sum_by(self.last, values, m + 1))[:m]
        out = np.zeros((m, values.shape[1]))
        for number, column in enumerate(values.T):
            out[:, number] = self.add_to_times(column)
        return out

    def add_over_stay(self, values: FloatArray) -> FloatArray:
        """Return the sums of values over the times at which each stay was at risk, shape (n, ...)."""
        path = np.concatenate((np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)))
        return np.asarray(path[self.last] - path[self.first])

    def take_ends(self, values: FloatArray) -> FloatArray:
        """Return values at the time at which each stay ended so, and 0 for others, shape (n, ...)."""
        out = np.zeros((len(self), *values.shape[1:]))
        ended = np.flatnonzero(self.happened)
        out[ended] = values[self.last[ended] - 1]
        return out


def lay_stage_risks(
    place: IntArray, duration: FloatArray, happened: FloatArray, *, entry: FloatArray, weights: FloatArray
) -> StageRisks:
    """Lay the risk sets of one cause in every stage.

    Parameters
    ----------
    place : numpy.ndarray of int, shape (n,)
        Stage of each stay.
    duration, entry, weights : numpy.ndarray, shape (n,)
        Days, delayed entry and weight; stays of weight 0 are left out.
    happened : numpy.ndarray of bool, shape (n,)
        Whether the cause ended the stay.
    """
    order, firsts, lasts, times = [], [], [], [np.zeros(0)]
    begun = 0
    for stage in range(int(place.max(initial=-1)) + 1):
        own = np.flatnonzero((place == stage) & (weights > 0))
        sets = count_risk_sets(
            duration[own], happened[own].astype(np.int64), entry=entry[own], weights=weights[own], n_causes=1
        )
        seen = np.flatnonzero(sets.last > sets.first)
        order.append(own[seen])
        firsts.append(sets.first[seen] + begun)
        lasts.append(sets.last[seen] + begun)
        times.append(sets.times)
        begun += len(sets.times)
    row, first, last = (np.concatenate([*parts, []]).astype(np.int64) for parts in (order, firsts, lasts))
    return StageRisks(
        row=row,
        stage=place[row],
        first=first,
        last=last,
        happened=happened[row].astype(np.float64),
        weights=weights[row],
        times=np.concatenate(times),
    )


@dataclass(frozen=True, kw_only=True)
class PartialLikelihood:
    """The partial likelihood at some effects.

    Parameters
    ----------
    terms : numpy.ndarray, shape (n,)
        Log of the chance that each stay which ended so was the one among those at risk; 0 for others, weighted.
    scores : numpy.ndarray, shape (n, c)
        What each stay adds to the derivative; their sum is that of ``terms`` (Lin and Wei, JASA 84, 1989).
    information : numpy.ndarray, shape (c, c)
        Minus the second derivative.
    """

    terms: FloatArray
    scores: FloatArray
    information: FloatArray


def evaluate_partial_likelihood(
    x: FloatArray, effects: FloatArray, risks: StageRisks, *, shape: FloatArray | None = None
) -> PartialLikelihood:
    """Return the partial likelihood, its scores and its information.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, c)
        Columns of the stays of ``risks``.
    effects : numpy.ndarray, shape (c,)
        Log ratio per column.
    risks : StageRisks
        The stays.
    shape : numpy.ndarray, shape (m,), optional
        A factor of the contribution of each time to scores and information, by default 1: with g the derivative is
        that by the effect of ``x * g`` on top, and with g squared the information is its own.
    """
    weigh = risks.events if shape is None else shape * risks.events
    linear = x @ effects
    ratio = risks.weights * np.exp(linear)
    # Rounding leaves nothing below those who leave.
    at_risk = np.maximum(risks.add_to_times(ratio), sum_by(risks.last - 1, ratio * risks.happened, len(risks.times)))
    mean = risks.add_to_times(ratio[:, None] * x) / at_risk[:, None]
    rate = weigh / at_risk
    passed = ratio * risks.add_over_stay(rate)
    ends = risks.take_ends(np.ones(len(risks.times)) if shape is None else shape)
    scores = (risks.weights * ends)[:, None] * (x - risks.take_ends(mean))
    scores -= passed[:, None] * x - ratio[:, None] * risks.add_over_stay(rate[:, None] * mean)
    return PartialLikelihood(
        terms=risks.weights * risks.happened * (linear - risks.take_ends(np.log(at_risk))),
        scores=scores,
        information=(x * passed[:, None]).T @ x - (mean * weigh[:, None]).T @ mean,
    )


def cover_effects(likelihood: PartialLikelihood, record: IntArray, *, prior_sd: float) -> FloatArray:
    r"""Return the covariance of effects whose penalty is that of a normal prior, shape (c, c).

    Parameters
    ----------
    likelihood : PartialLikelihood
        At these effects.
    record : numpy.ndarray of int, shape (n,)
        Number of each stay's record: stays of one record may vary together.
    prior_sd : float
        Standard deviation of the prior.

    Notes
    -----
    With information I, that of the prior P and squares S of scores summed by record it is
    :math:`(I + P)^{-1} (S + P) (I + P)^{-1}`: that of Lin and Wei (JASA 84, 1989) where there are data, the prior's
    where there are none.
    """
    prior = np.eye(len(likelihood.information)) / prior_sd**2
    scores = add_by_record(likelihood.scores, record)
    bread = np.linalg.inv(likelihood.information + prior)
    return np.asarray(bread @ (scores.T @ scores + prior) @ bread)


def add_by_record(scores: FloatArray, record: IntArray) -> FloatArray:
    """Return the sums over the stays of each record, shape (records, c)."""
    sums = np.zeros((int(record.max(initial=-1)) + 1, scores.shape[1]))
    for number, column in enumerate(scores.T):
        sums[:, number] = sum_by(record, column, len(sums))
    return sums
