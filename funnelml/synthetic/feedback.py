"""What people say: reps about leads, customers about the team."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS
from funnelml.synthetic.clock import BUSINESS_DAY, business_instants, instants
from funnelml.synthetic.lead_care import NEVER
from funnelml.synthetic.market import generator
from funnelml.synthetic.reason_texts import ACCEPTANCE, FEEDBACK_KINDS, LOSS_TEXTS, REJECTION_TEXTS, SATISFACTION
from funnelml.synthetic.world import SyntheticWorld

ACCEPTS = (0.5, 0.93)
"""Chance that a rep accepts a lead that will not, and one that will, become an opportunity."""
REJECTION_MIX = (0.40, 0.25, 0.12, 0.13, 0.10)
"""Shares of the reasons of rejection, in the order of ``REJECTION_TEXTS``."""
SATISFIED = {"won": (0.70, 0.20, 0.10), "lost": (0.25, 0.40, 0.35)}
"""Chances that a customer is satisfied, neutral or dissatisfied."""

_SURVEYED, _INTERVIEWED = 0.15, 0.06


def draw_feedback(
    world: SyntheticWorld,
    lives: pd.DataFrame,
    records: pd.DataFrame,
    moves: pd.DataFrame,
    reasons: pd.Series,
    *,
    seed: int,
) -> pd.DataFrame:
    """Draw all feedback of the simulated days.

    Parameters
    ----------
    lives : pandas.DataFrame
        As ``live_leads`` returns them.
    reasons : pandas.Series
        The true reason of each lost record, by its row.

    Returns
    -------
    pandas.DataFrame
        The canonical table. A rep accepts or rejects a lead within three days and before it ends; customers are asked
        three days or more after the closing; an interview after a loss brings the true reason.
    """
    said = pd.concat([_of_leads(world, lives, seed=seed), _of_customers(world, records, moves, reasons, seed=seed)])
    return said.assign(recorded_at=said["given_at"]).reset_index(drop=True)


def _of_leads(world: SyntheticWorld, lives: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    uniform = generator(seed, "reviews").random((len(lives), 5))
    converts = (lives["record"] >= 0).to_numpy()
    until = np.where(lives["ended"] == NEVER, 3 * BUSINESS_DAY, lives["ended"] - lives["came"])
    at = lives["came"].to_numpy() + (uniform[:, 1] * np.minimum(until, 3 * BUSINESS_DAY)).astype(np.int64)
    accepted = uniform[:, 2] < np.where(converts, ACCEPTS[1], ACCEPTS[0])
    texts = list(REJECTION_TEXTS[world.language].values())
    which = np.searchsorted(np.cumsum(REJECTION_MIX)[:-1], uniform[:, 3], side="right")
    why = [texts[w][int(u * len(texts[w]))] for w, u in zip(which, uniform[:, 4], strict=True)]
    yes, no = ACCEPTANCE[world.language]
    said = pd.DataFrame(
        {
            "record_id": lives["lead_id"].to_numpy(),
            "given_at": business_instants(world, at),
            "kind": FEEDBACK_KINDS[world.language][0],
            "verdict": np.where(accepted, yes, no).astype(object),
            "reason": pd.Series(why, dtype=object).mask(accepted, None),
        }
    )
    return said[uniform[:, 0] < world.lead_care.reviewed_share]


def _of_customers(
    world: SyntheticWorld, records: pd.DataFrame, moves: pd.DataFrame, reasons: pd.Series, *, seed: int
) -> pd.DataFrame:
    closing = moves["event"].isin((2, 3)).to_numpy()
    uniform = generator(seed, "surveys").random((len(moves), 2))[closing]
    later = generator(seed, "survey days").geometric(0.1, size=len(moves))[closing]
    minute = generator(seed, "survey minutes").integers(OPENS, CLOSES, size=len(moves))[closing]
    closed = moves[closing]
    won = (closed["event"] == 2).to_numpy()
    asked = uniform[:, 0] < _SURVEYED
    talked = ~asked & ~won & (uniform[:, 0] < _SURVEYED + _INTERVIEWED)
    levels = np.cumsum(np.where(won[:, None], SATISFIED["won"], SATISFIED["lost"]), axis=1)[:, :-1]
    verdict = np.array(SATISFACTION[world.language], dtype=object)[(uniform[:, 1, None] >= levels).sum(axis=1)]
    texts = LOSS_TEXTS[world.language]
    why = reasons.reindex(closed["record"]).map(lambda reason: texts[reason][0], na_action="ignore").to_numpy()
    kinds = FEEDBACK_KINDS[world.language]
    said = pd.DataFrame(
        {
            "record_id": records["record_id"].to_numpy()[closed["record"]],
            "given_at": instants(world, closed["day"].to_numpy() + 2 + later, minute),
            "kind": np.where(talked, kinds[2], kinds[1]).astype(object),
            "verdict": verdict,
            "reason": pd.Series(why, dtype=object).where(talked, None),
        }
    )
    return said[asked | talked]
