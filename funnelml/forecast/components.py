"""What a forecast is made of: each part can be switched off, so that a backtest shows what it earns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Components:
    """Parts of the forecast of the open pipeline beyond the landmark incidence of independent records.

    Parameters
    ----------
    covariates : bool
        The stage model, which knows more of a record than its stage and age, gets the weight that it earned on past
        windows.
    parameters : bool
        Chances are drawn as they may be, given that they were learned from so many records.
    recency : bool
        Half of these draws let what happened fade with a half-life of two horizons.
    shock : bool
        All records of a window share a shock, whose width is learned from past windows.
    """

    covariates: bool = True
    parameters: bool = True
    recency: bool = True
    shock: bool = True


INDEPENDENT = Components(covariates=False, parameters=False, recency=False, shock=False)
"""Landmark incidence with independent records: what the parts together have to beat."""
