"""The world of the committed sample and of the demo: a small sales team that a director would recognise."""

from __future__ import annotations

from datetime import date
from typing import Literal

from funnelml.synthetic.parameters import Arrivals, Dirt, Gap, LeadCare, Rhythm, Team
from funnelml.synthetic.world import SyntheticWorld

SAMPLE_SEED = 1
"""Seed of the committed samples."""


def sample_world(language: Literal["en", "zh"] = "en") -> SyntheticWorld:
    """Return the world of the sample: eighteen months to 2026-06-30, with a gap, sleepers and a few dirty rows.

    Parameters
    ----------
    language : {"en", "zh"}
        English: about 1,500 opportunities in EUR, Europe/Berlin. Chinese: about 400 in CNY, Asia/Shanghai.

    Notes
    -----
    From October 2025 on, fewer records go on from the proposal stage, and more of its losses go to competitors. The
    stages of leads are kept from that month on too.
    """
    english = language == "en"
    return SyntheticWorld(
        language=language,
        start=date(2025, 1, 1),
        days=546,
        future_days=180,
        time_zone="Europe/Berlin" if english else "Asia/Shanghai",
        currency="EUR" if english else "CNY",
        arrivals=Arrivals(per_day=2.55 if english else 0.68),
        rhythm=Rhythm(shock_sd=0.1, shock_memory=0.5),
        team=Team(seats=6 if english else 3),
        accounts=260 if english else 110,
        activities_per_day=0.045,
        lead_care=LeadCare(stages_from=date(2025, 10, 1)),
        gaps=(Gap(stage="Proposal" if english else "方案", begins=date(2025, 10, 1), before=0.87, after=0.55),),
        dirt=Dirt(
            exact_duplicates=6 if english else 2,
            same_instant=5 if english else 2,
            reopenings=4 if english else 1,
            skipped_stages=7 if english else 2,
            unknown_stages=3 if english else 1,
            closed_before_creation=2 if english else 1,
            after_export=2 if english else 1,
            missing_amounts=8 if english else 3,
            undated=5 if english else 2,
            mixed_formats=0.02,
        ),
    )
