"""Why records are lost: a mix of reasons that depends on the stage, told to the CRM most of the time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.market import generator
from funnelml.synthetic.reason_texts import LOSS_TEXTS
from funnelml.synthetic.stages import FloatArray, IntArray
from funnelml.synthetic.world import SyntheticWorld

REASONS = ("need_mismatch", "competitor", "budget", "decision_delayed", "no_response", "other")
EARLY_MIX = np.array([0.34, 0.06, 0.08, 0.12, 0.32, 0.08])
LATE_MIX = np.array([0.06, 0.34, 0.28, 0.18, 0.08, 0.06])
"""Shares of the reasons among losses in the first and in the last stage; between them they change evenly."""


def draw_loss_reasons(
    world: SyntheticWorld, moves: pd.DataFrame, stays: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, pd.Series]:
    """Draw the reason of every loss, and the field changes that tell the CRM.

    Returns
    -------
    changes : pandas.DataFrame
        Like those of ``fields.py``: ``record, field, changed_at, recorded_at, old, new``, at the losing move and known
        when that is; ``new`` is the raw text in the world's language.
    reasons : pandas.Series
        The true reason (one of ``REASONS``) of each lost record, by its row; told to the CRM or not.
    """
    lost = (moves["event"] == 3).to_numpy()
    ended = stays[stays["event"] == 3].set_index("record")["stage"]
    stage = ended.reindex(moves["record"]).fillna(0).to_numpy(dtype=np.int64)
    uniform = generator(seed, "loss reasons").random((len(moves), 3))[lost]
    moves, stage = moves[lost], stage[lost]
    reason = _pick(loss_mix(world, stage, moves["day"].to_numpy()), uniform[:, 0])
    told = uniform[:, 1] < world.losses.filled_share
    texts = [LOSS_TEXTS[world.language][name] for name in REASONS]
    raw = [texts[r][int(u * len(texts[r]))] for r, u in zip(reason, uniform[:, 2], strict=True)]
    changes = pd.DataFrame(
        {
            "record": moves["record"].to_numpy(),
            "field": "loss_reason",
            "changed_at": moves["entered_at"].to_numpy(),
            "recorded_at": moves["recorded_at"].to_numpy(),
            "old": None,
            "new": pd.Series(raw, dtype=object),
        }
    )
    true = pd.Series(np.array(REASONS, dtype=object)[reason], index=moves["record"].to_numpy(), dtype=object)
    return changes[told], true


def loss_mix(world: SyntheticWorld, stage: IntArray, day: IntArray) -> FloatArray:
    """Return the chances of the reasons of losses in those stages on those days, shape (n, 6)."""
    depth = stage / max(len(world.laws) - 1, 1)
    mix = EARLY_MIX + (LATE_MIX - EARLY_MIX) * depth[:, None]
    to_competitor = np.eye(len(REASONS))[REASONS.index("competitor")]
    for gap in world.gaps:
        here = (stage == world.funnel.stages.index(gap.stage)) & (day >= world.day_index(gap.begins))
        part = world.losses.gap_share * here[:, None]
        mix = (1 - part) * mix + part * to_competitor
    return np.asarray(mix)


def _pick(shares: FloatArray, uniform: FloatArray) -> IntArray:
    return (uniform[:, None] >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
