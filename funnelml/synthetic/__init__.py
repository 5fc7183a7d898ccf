"""A seeded CRM with known truth: demo data, tests and parameter recovery."""

from funnelml.synthetic.chances import true_lead_chance, true_win_chance
from funnelml.synthetic.crm import SyntheticCRM, simulate_crm
from funnelml.synthetic.incidence import awake_chance, true_incidence, true_stage_incidence
from funnelml.synthetic.market import Market, build_market, draw_shocks
from funnelml.synthetic.parameters import (
    Amounts,
    Arrivals,
    BulkMove,
    CloseDates,
    Criterion,
    Dirt,
    Gap,
    LeadCare,
    Losses,
    PileUp,
    Recording,
    Rhythm,
    Segment,
    Source,
    Team,
)
from funnelml.synthetic.sample_world import SAMPLE_SEED, sample_world
from funnelml.synthetic.scoring_world import scoring_world
from funnelml.synthetic.stages import StageLaw, default_laws
from funnelml.synthetic.truth import Truth
from funnelml.synthetic.world import SyntheticWorld, plain_world

__all__ = [
    "SAMPLE_SEED",
    "Amounts",
    "Arrivals",
    "BulkMove",
    "CloseDates",
    "Criterion",
    "Dirt",
    "Gap",
    "LeadCare",
    "Losses",
    "Market",
    "PileUp",
    "Recording",
    "Rhythm",
    "Segment",
    "Source",
    "StageLaw",
    "SyntheticCRM",
    "SyntheticWorld",
    "Team",
    "Truth",
    "awake_chance",
    "build_market",
    "default_laws",
    "draw_shocks",
    "plain_world",
    "sample_world",
    "scoring_world",
    "simulate_crm",
    "true_incidence",
    "true_lead_chance",
    "true_stage_incidence",
    "true_win_chance",
]
