"""How amounts, shares and models are written on a picture or in a table."""

from __future__ import annotations

import math

from funnelml.forecast.backtest import MODEL

_STEPS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_MODELS = {
    MODEL: "this forecast",
    "win_rate_x_amount": "win rate × amount",
    "stage_weighted": "stage-weighted",
    "stage_amount_time_weighted": "stage, amount and time",
    "crm_probability": "CRM probabilities",
    "run_rate": "run rate",
    "same_period_last_year": "same period last year",
}


def short_amount(value: float, currency: str = "") -> str:
    """Return an amount with three significant digits, in thousands, millions or billions.

    Examples
    --------
    >>> short_amount(1_234_567, "EUR")
    '1.23M EUR'
    >>> short_amount(999_600)
    '1M'
    >>> short_amount(-45)
    '-45'
    """
    if not math.isfinite(value):
        return "unknown"
    # Rounded first: 999,600 is 1M, not 1000k.
    rounded = float(f"{value:.3g}")
    size, suffix = next(((s, name) for s, name in _STEPS if abs(rounded) >= s), (1.0, ""))
    digits = f"{rounded / size:.3g}"
    return f"{digits}{suffix} {currency}".strip()


def full_amount(value: float) -> str:
    """Return an amount in whole units with thousands separators, or a dash if it is not known."""
    return f"{value:,.0f}" if math.isfinite(value) else "-"


def share(value: float, digits: int = 0) -> str:
    r"""Return a share as a percentage that no line break divides, or a dash if it is not known.

    Examples
    --------
    >>> share(0.4234)
    '42\xa0%'
    """
    return f"{value:,.{digits}%}".replace("%", "\xa0%") if math.isfinite(value) else "-"


def signed_share(value: float) -> str:
    """Return a difference as a percentage with its sign, or a dash if it is not known."""
    return f"{value:+,.0%}".replace("%", "\xa0%") if math.isfinite(value) else "-"


def unit(name: str, currency: str) -> str:
    """Return an axis label with its unit: ``bookings (EUR)``."""
    return f"{name} ({currency})" if currency else name


def name_model(model: str) -> str:
    """Return a model's name for a person."""
    return _MODELS.get(model, model.replace("_", " "))
