"""Ratios of a Cox model of each way to leave a stage: effects that can be read, each with its error and its test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from funnelml.language import Language, say
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.covariates import moving_in
from funnelml.survival.ratios.cox_fit import fit_effects
from funnelml.survival.ratios.cox_notes import note_causes, note_columns, note_stages
from funnelml.survival.ratios.cox_words import tell_changing, tell_effects
from funnelml.survival.ratios.design import Design, learn_design
from funnelml.survival.ratios.linear import LEAST_EVENTS, STEEPEST
from funnelml.survival.ratios.partial_likelihood import cover_effects, evaluate_partial_likelihood, lay_stage_risks
from funnelml.survival.ratios.proportionality import find_changing_effects
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

PRIOR_SD: Final = 0.5
"""Standard deviation of an effect on the log hazard before anything was seen: 4 events weigh as much as it does."""
LEVEL: Final = 0.95
"""Level of the intervals."""


@dataclass(frozen=True, kw_only=True)
class CoxRatios:
    """Ratios of K causes that do not change with age.

    Parameters
    ----------
    design : Design
        How covariates become columns.
    effects : numpy.ndarray, shape (K, c)
        Log ratio per column.
    covariance : numpy.ndarray, shape (K, c, c)
        Covariance of these effects, clustered by record.
    p_proportional : numpy.ndarray, shape (K, c)
        p-value that an effect is the same at every age; NaN where too few events tell.
    events : numpy.ndarray, shape (K,)
        Stays that ended so.
    stays : int
        Stays learned from.
    notes : tuple of (str, str)
        What stood in the way and what was done about it, in English and in Chinese.
    """

    design: Design
    effects: FloatArray
    covariance: FloatArray
    p_proportional: FloatArray
    events: FloatArray
    stays: int
    notes: tuple[tuple[str, str], ...]

    def ratios(self, rows: StayRows, row: NDArray[np.int64], band: NDArray[np.int64]) -> FloatArray:
        """Return how many times the baseline the hazards of a row are, shape (p, K): the same in every band ahead."""
        x = self.design.transform(rows.covariates)[row]
        return np.asarray(np.exp(np.clip(x @ self.effects.T, -STEEPEST, STEEPEST)))

    def redraw(self, generator: np.random.Generator) -> CoxRatios:
        """Return these ratios with effects drawn from their normal approximation."""
        drawn = self.effects.copy()
        for k, covariance in enumerate(self.covariance):
            values, vectors = np.linalg.eigh(covariance)
            drawn[k] += vectors @ (np.sqrt(np.maximum(values, 0.0)) * generator.standard_normal(len(values)))
        return replace(self, effects=drawn)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cause and column.

        Returns
        -------
        pandas.DataFrame
            ``outcome, column, per, log_ratio, ratio, std_err, low, high, p, p_proportional``. A ratio of 0.5 is half
            as fast: per ``doubling`` of a number, per so much ``more`` of it (a standard deviation), or of a value
            ``against the average``. ``low`` and ``high`` are limits of the ratio at 95 %. A cause without effects of
            its own has a ratio of 1 and NaN.
        """
        names, scale = [per for per, _ in self.design.steps], np.array([units for _, units in self.design.steps])
        z = float(ndtri((1 + LEVEL) / 2))
        parts = []
        for k, cause in enumerate(CAUSES):
            effect = self.effects[k] * scale
            error = np.sqrt(np.diag(self.covariance[k])) * scale
            error = np.where(error > 0, error, np.nan)
            parts.append(
                pd.DataFrame(
                    {
                        "outcome": cause,
                        "column": list(self.design.columns),
                        "per": names,
                        "log_ratio": effect,
                        "ratio": np.exp(effect),
                        "std_err": error,
                        "low": np.exp(effect - z * error),
                        "high": np.exp(effect + z * error),
                        "p": 2 * ndtr(-np.abs(effect / error)),
                        "p_proportional": self.p_proportional[k],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def summary(self, language: Language = "en") -> str:
        """Return the clearest effects on each way to leave, those that change with age, and the notes, in words."""
        frame = self.to_frame()
        told = [tell_effects(frame, self.events, self.stays, language), tell_changing(frame, language)]
        told += [say(language, en=english, zh=chinese) for english, chinese in self.notes]
        return say(language, en=" ", zh="").join(told)


def fit_cox(entries: StayRows, weights: FloatArray) -> CoxRatios:
    r"""Learn cause-specific Cox models, each stage with a baseline of its own.

    Parameters
    ----------
    entries : StayRows
        Stays seen at their entry, each once, with their ends.
    weights : numpy.ndarray, shape (n,)
        Weight of each.

    Returns
    -------
    CoxRatios
        Always an answer: what cannot be learned has a ratio of 1, and a note says why.

    Notes
    -----
    Cox, JRSS B 34, 1972; by cause: Prentice et al., Biometrics 34, 1978. Effects have a normal prior of mean 0, worth
    four events, so that neither separation nor collinear columns lead anywhere. Errors are clustered by record
    (``cover_effects``). What moves while a record sits is left out: its value at the entry is not known later, and that
    of today is another thing.
    """
    learned = entries.take(np.flatnonzero(weights > 0))
    weight = weights[weights > 0]
    assert learned.duration is not None and learned.event is not None
    fixed = learned.covariates.drop(columns=moving_in(learned.covariates.columns))
    design = learn_design(fixed)
    x = design.transform(fixed)
    c = x.shape[1]
    record = np.asarray(pd.factorize(learned.record_id)[0], dtype=np.int64)
    average = design.against_average()
    effects, covariance = np.zeros((N_CAUSES, c)), np.zeros((N_CAUSES, c, c))
    p_proportional = np.full((N_CAUSES, c), np.nan)
    events = np.bincount(learned.event, minlength=N_CAUSES + 1)[1:].astype(np.float64)
    notes = note_stages(learned) + note_columns(fixed, design, x)
    for k in range(N_CAUSES):
        happened = learned.event == k + 1
        if events[k] < LEAST_EVENTS or c == 0:
            continue
        risks = lay_stage_risks(
            learned.place, learned.duration, happened, entry=np.maximum(learned.age, 0.0), weights=weight
        )
        at_risk = x[risks.row]
        found = fit_effects(at_risk, risks, prior_sd=PRIOR_SD)
        if found is None:
            continue
        effects[k] = average @ found
        likelihood = evaluate_partial_likelihood(at_risk, effects[k], risks)
        spread = cover_effects(likelihood, record[risks.row], prior_sd=PRIOR_SD)
        covariance[k] = average @ spread @ average.T
        p_proportional[k] = find_changing_effects(at_risk, effects[k], risks, record[risks.row])
    notes += note_causes(design, x, learned, effects, least=LEAST_EVENTS)
    return CoxRatios(
        design=design,
        effects=effects,
        covariance=covariance,
        p_proportional=p_proportional,
        events=events,
        stays=len(learned),
        notes=notes,
    )
