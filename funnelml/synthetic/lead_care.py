"""What is done with leads: when each is answered, and its way through the stages of a lead.

Whether a lead becomes an opportunity is drawn first (``leads.py``). Whether it is answered within 24 hours is drawn
given that, with the chances that make the difference between the two groups the stated one (Bayes' rule).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from funnelml.history.funnel import LOST, WON
from funnelml.synthetic.attributes import OPENS
from funnelml.synthetic.clock import BUSINESS_DAY, business_instants
from funnelml.synthetic.market import generator
from funnelml.synthetic.names import KINDS
from funnelml.synthetic.world import SyntheticWorld

UNDECIDED = 0.8 + 0.2 / 2
"""Share of converting leads that convert later than 24 hours: all that take two days or more, half of the others."""

NEVER = np.iinfo(np.int64).min
"""Clock of what never happens; leads that came before the first day have negative ones."""

_SPREAD = 1.2
_QUALIFIES = (0.5, 0.3)
_ENDS, _ENDS_PER_DAY = 0.85, 0.08


def live_leads(world: SyntheticWorld, leads: pd.DataFrame, records: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw when each lead is answered, qualified and ended.

    Parameters
    ----------
    leads : pandas.DataFrame
        As ``draw_leads`` returns them.

    Returns
    -------
    pandas.DataFrame
        ``leads`` with ``fast`` (answered within 24 hours), and in minutes of business since the first opening:
        ``came, answered, marketing, sales, ended``; ``NEVER`` for what never happens.

    Notes
    -----
    Of a source's leads that are undecided after 24 hours let the share c convert, f be answered by then. With
    ``P(fast | converts) = f (c + (1 - f) lift) / c`` and ``P(fast | does not) = f (1 - c - (1 - f) lift) / (1 - c)``
    the shares that convert differ by ``lift``. A lead that converts within 24 hours was answered before it did, which
    is what makes the naive comparison too rosy.
    """
    care, n = world.lead_care, len(leads)
    came = leads["day"].to_numpy() * BUSINESS_DAY + leads["minute"].to_numpy() - OPENS
    own = leads["record"].to_numpy()
    converts = own >= 0
    opened = records["day"].to_numpy() * BUSINESS_DAY + records["minute"].to_numpy() - OPENS
    days = 1 + generator(seed, "lead ends").geometric(_ENDS_PER_DAY, size=n)
    end = np.where(converts, opened[own] if len(opened) else 0, came + days * BUSINESS_DAY)
    uniform = generator(seed, "lead care").random((n, 8))
    of = care_by_source(world).loc[leads["source"]]
    fast = uniform[:, 0] < np.where(converts, of["if_yes"], of["if_not"])
    # A log-normal time, on the side of 24 hours that was drawn.
    median = np.log(care.median_hours * 60)
    split = norm.cdf((np.log(BUSINESS_DAY) - median) / _SPREAD)
    rank = np.where(fast, uniform[:, 1] * split, split + uniform[:, 1] * (1 - split))
    wait = np.exp(median + _SPREAD * norm.ppf(np.clip(rank, 1e-9, 0.999)))
    wait = np.where(fast, np.clip(np.floor(wait), 1, BUSINESS_DAY - 1), np.maximum(np.ceil(wait), BUSINESS_DAY + 1))
    length, least = end - came, np.where(fast, 0, BUSINESS_DAY + 1)
    least = np.minimum(least, np.maximum(length - 1, 0))
    wait = np.where(wait < length, wait, least + np.floor(uniform[:, 2] * (length - least)))
    answered = ~(~fast & ~converts & (uniform[:, 3] < care.never_share))
    parts = np.sort(uniform[:, 4:6], axis=1) * length[:, None]
    marketing = converts | (uniform[:, 6] < _QUALIFIES[0])
    sales = converts | (uniform[:, 6] < _QUALIFIES[0] * _QUALIFIES[1])
    at = {
        "answered": (answered, came + wait),
        "marketing": (marketing, came + parts[:, 0]),
        "sales": (sales, came + parts[:, 1]),
        "ended": (converts | (uniform[:, 7] < _ENDS), end),
    }
    clocks = {name: np.where(happens, clock, NEVER).astype(np.int64) for name, (happens, clock) in at.items()}
    return leads.assign(fast=fast | (converts & (length <= BUSINESS_DAY)), came=came, **clocks)


def care_by_source(world: SyntheticWorld) -> pd.DataFrame:
    """Return how leads of each source are treated, given what becomes of them.

    Returns
    -------
    pandas.DataFrame
        One row per source (the index): ``late`` (share that converts of those undecided after 24 hours), ``if_yes`` and
        ``if_not`` (chance that one which converts, or does not, is answered within 24 hours).
    """
    care = world.lead_care
    share = np.array([s.share for s in world.sources])
    becomes = np.array([s.converts for s in world.sources])
    typical = becomes @ share / share.sum()
    fast = np.clip(care.fast_share + care.hot_first * (becomes - typical), 0.02, 0.98)
    late = UNDECIDED * becomes / (UNDECIDED * becomes + 1 - becomes)
    if_yes = fast * (late + (1 - fast) * care.lift) / late
    if_not = fast * (1 - late - (1 - fast) * care.lift) / np.maximum(1 - late, 1e-9)
    return pd.DataFrame(
        {"late": late, "if_yes": np.clip(if_yes, 0, 1), "if_not": np.clip(if_not, 0, 1)},
        index=pd.Index([s.name for s in world.sources]),
    )


def first_answers(world: SyntheticWorld, lives: pd.DataFrame, reps: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the first call or email to each lead, as canonical activities with ``record_id`` the lead's id."""
    call = generator(seed, "answers").random(len(lives)) < 0.6
    answered = (lives["answered"] > NEVER).to_numpy()
    of, call = lives[answered], call[answered]
    at = business_instants(world, of["answered"].to_numpy())
    kinds = KINDS[world.language]
    return pd.DataFrame(
        {
            "record_id": of["lead_id"].to_numpy(),
            "kind": np.where(call, kinds[0], kinds[1]).astype(object),
            "occurred_at": at,
            "recorded_at": at,
            "direction": pd.Series("outbound", index=range(len(of)), dtype=object),
            "channel": np.where(call, "phone", "email").astype(object),
            "owner": reps["name"].to_numpy()[of["rep"]],
        }
    )


def lead_stage_changes(world: SyntheticWorld, lives: pd.DataFrame) -> pd.DataFrame:
    """Return the moves of leads through their funnel, as canonical stage changes, recorded when they happen."""
    funnel, begins = world.lead_funnel, world.lead_care.stages_from
    kept = lives if begins is None else lives[lives["day"] >= world.day_index(begins)]
    end = np.where(kept["record"] >= 0, WON, LOST).astype(object)
    parts = []
    for column, stage in zip(("came", "marketing", "sales", "ended"), (*funnel.stages, end), strict=True):
        log = pd.DataFrame({"record_id": kept["lead_id"], "stage": stage, "clock": kept[column]})
        parts.append(log[log["clock"] > NEVER])
    log = pd.concat(parts, ignore_index=True)
    at = business_instants(world, log.pop("clock").to_numpy())
    log["stage"] = log["stage"].astype(object)
    return log.assign(funnel=funnel.name, entered_at=at, recorded_at=at)
