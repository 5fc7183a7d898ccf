"""A world for tests of scores: everything that decides about a record can be seen in its CRM."""

from __future__ import annotations

from typing import Any

from funnelml.synthetic.names import SOURCES
from funnelml.synthetic.parameters import Amounts, Arrivals, Criterion, Recording, Rhythm, Team
from funnelml.synthetic.world import SyntheticWorld, plain_world


def scoring_world(**changes: Any) -> SyntheticWorld:
    """Return a world without hidden effects, of which ``true_win_chance`` is what the best score would say.

    Parameters
    ----------
    **changes
        Parameters of ``SyntheticWorld`` that differ.

    Notes
    -----
    What matters is on record: stage and age, source, owner (who never changes), the amount at creation, and two of
    three criteria. There is no frailty, shock, drift, quarter end, sleeper or late entry. The first owner stands in the
    history of fields, so that it is known of every past day.
    """
    visible: dict[str, Any] = {
        "days": 400,
        "future_days": 60,
        "arrivals": Arrivals(per_day=20.0, yearly_growth=0.0),
        "rhythm": Rhythm(quarter_end_factor=1.0, shock_sd=0.0),
        "amounts": Amounts(slope=-0.30),
        "team": Team(effect_sd=0.40, turnover_per_year=0.0),
        "recording": Recording(late_share=0.0, first_values=("owner",)),
        "sources": SOURCES[changes.get("language", "en")],
        "criteria": (
            Criterion(name="budget confirmed", share=0.45, effect=0.90),
            Criterion(name="authority", share=0.50, effect=0.60),
            Criterion(name="timing", share=0.35, effect=0.0),
        ),
        "activities_per_day": 0.03,
    }
    return plain_world(**(visible | changes))
