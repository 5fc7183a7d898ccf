"""How units and models are written on a picture or in a table."""

from __future__ import annotations

from funnelml.forecast.backtest import MODEL

_MODELS = {
    MODEL: "this forecast",
    "landmark": "stage and age, independent",
    "win_rate_x_amount": "win rate × amount",
    "stage_weighted": "stage-weighted",
    "stage_amount_time_weighted": "stage, amount and time",
    "crm_probability": "CRM probabilities",
    "run_rate": "run rate",
    "same_period_last_year": "same period last year",
}


def unit(name: str, currency: str) -> str:
    """Return an axis label with its unit: ``bookings (EUR)``."""
    return f"{name} ({currency})" if currency else name


def name_model(model: str) -> str:
    """Return a model's name for a person."""
    return _MODELS.get(model, model.replace("_", " "))
