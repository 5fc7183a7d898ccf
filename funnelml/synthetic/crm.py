"""A synthetic CRM: the export that a forecaster may see, and the truth that only a test may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.history.funnel import WON, Funnel
from funnelml.history.history import History
from funnelml.synthetic.activities import draw_activities
from funnelml.synthetic.attributes import draw_records
from funnelml.synthetic.clock import instants
from funnelml.synthetic.dirt import spoil
from funnelml.synthetic.export import export_table
from funnelml.synthetic.feedback import draw_feedback
from funnelml.synthetic.fields import amount_changes, close_date_changes, owner_changes, promised_days
from funnelml.synthetic.first_entries import first_entries
from funnelml.synthetic.lead_care import first_answers, lead_stage_changes, live_leads
from funnelml.synthetic.leads import draw_leads
from funnelml.synthetic.loss_reasons import draw_loss_reasons
from funnelml.synthetic.market import build_market, draw_shocks
from funnelml.synthetic.moves import log_moves, stage_changes
from funnelml.synthetic.paths import simulate_stays
from funnelml.synthetic.quotas import set_quotas
from funnelml.synthetic.reps import draw_reps
from funnelml.synthetic.spend import draw_spend
from funnelml.synthetic.truth import Truth, true_leads, true_records
from funnelml.synthetic.world import SyntheticWorld


@dataclass(frozen=True, kw_only=True)
class SyntheticCRM:
    """A synthetic CRM.

    Parameters
    ----------
    world : SyntheticWorld
        Its parameters.
    seed : int
        Its seed.
    tables : mapping of str to pandas.DataFrame
        Canonical tables as exported at the end of ``as_of``. Opportunities carry what was entered at
        creation; later changes are in ``field_changes`` (``amount``, ``expected_close_date`` as
        ``YYYY-MM-DD``, ``owner``, ``loss_reason``), with the first values and the criteria of a world that has any.
    of_leads : mapping of str to pandas.DataFrame
        Rows of ``stage_changes`` and ``activities`` whose ``record_id`` is a lead's, which a CRM keeps apart. The
        history holds both.
    undated : pandas.DataFrame
        Stage changes without a date, which no canonical table holds: ``record_id, stage, recorded_at``.
    truth : Truth
        What really is.
    """

    world: SyntheticWorld
    seed: int
    tables: Mapping[str, pd.DataFrame]
    of_leads: Mapping[str, pd.DataFrame]
    undated: pd.DataFrame
    truth: Truth

    @property
    def funnel(self) -> Funnel:
        """The funnel."""
        return self.world.funnel

    @property
    def as_of(self) -> date:
        """Last day of the export."""
        return self.world.as_of

    @property
    def history(self) -> History:
        """The export as a history; the funnel of opportunities comes first, that of leads second."""
        both = {name: pd.concat([self.tables[name], rows], ignore_index=True) for name, rows in self.of_leads.items()}
        return History(
            tables={**self.tables, **both},
            funnels=(self.funnel, self.world.lead_funnel),
            time_zone=self.world.time_zone,
        )

    def summary(self) -> str:
        """Return one sentence: how much there is, and how it ended."""
        records = self.truth.records[self.truth.records["exported"]]
        cut = int(instants(self.world, np.array([self.world.days]))[0])
        closed = (records["closed_at"] >= 0) & (records["closed_at"] < cut)
        won = int((closed & (records["outcome"] == WON)).sum())
        return (
            f"{len(records):,} opportunities by {self.as_of}: {won:,} of {int(closed.sum()):,} closed ones "
            f"won, {int((~closed).sum()):,} open; {len(self.tables['stage_changes']):,} stage changes."
        )


def simulate_crm(world: SyntheticWorld, *, seed: int) -> SyntheticCRM:
    """Simulate a CRM whose truth is known.

    Parameters
    ----------
    world : SyntheticWorld
        Parameters.
    seed : int
        The same seed gives the same tables to the byte. With the same seed, a world with fewer ``days``
        exports what the longer one had recorded by then (but for dirt, which is drawn from what is exported).

    Returns
    -------
    SyntheticCRM

    Examples
    --------
    >>> crm = simulate_crm(SyntheticWorld(days=90, future_days=30), seed=1)
    >>> sorted(crm.tables)
    ['activities', 'feedback', 'field_changes', 'leads', 'opportunities', 'quotas', 'spend', 'stage_changes']
    """
    shocks = draw_shocks(world, seed=seed)
    market = build_market(world, shocks)
    reps = draw_reps(world, seed=seed)
    records = draw_records(world, reps, seed=seed)
    stays = simulate_stays(world, market, records, seed=seed)
    moves = log_moves(world, records, stays, seed=seed)
    amounts, final = amount_changes(world, records, moves, seed=seed)
    closed_day = _closed_day(world, stays, len(records))
    promised = promised_days(world, records, reps, seed=seed)
    pushes = close_date_changes(world, promised, closed_day, seed=seed)
    handed_over = owner_changes(world, records, reps, closed_day)
    losses, reasons = draw_loss_reasons(world, moves, stays, seed=seed)
    entered = first_entries(world, records, reps)
    fields = pd.concat([entered, amounts, pushes, handed_over, losses], ignore_index=True)
    fields.insert(0, "funnel", world.funnel.name)
    fields.insert(1, "record_id", records["record_id"].to_numpy()[fields.pop("record").to_numpy(dtype=np.int64)])
    arrived, leads, lead_ids = draw_leads(world, records, reps, seed=seed)
    lives = live_leads(world, arrived, records, seed=seed)
    created = instants(world, records["day"].to_numpy(), records["minute"].to_numpy())
    opportunities = pd.DataFrame(
        {
            "funnel": world.funnel.name,
            "opportunity_id": records["record_id"],
            "created_at": created,
            "recorded_at": created,
            "amount": records["amount"],
            "owner": reps["name"].to_numpy()[records["rep"]],
            "team": reps["team"].to_numpy()[records["rep"]],
            **{c: records[c] for c in ("source", "account", "segment")},
            "lead_id": lead_ids.to_numpy(),
            "expected_close_date": instants(world, promised),
        }
    )
    everything = {
        "leads": leads,
        "opportunities": opportunities,
        "stage_changes": stage_changes(world, records, moves),
        "field_changes": fields,
        "activities": draw_activities(world, records, reps, stays, seed=seed),
        "quotas": set_quotas(world),
        "spend": draw_spend(world, seed=seed),
        "feedback": draw_feedback(world, lives, records, moves, reasons, seed=seed),
    }
    of_leads = {
        "stage_changes": lead_stage_changes(world, lives),
        "activities": first_answers(world, lives, reps, seed=seed),
    }
    cut = int(instants(world, np.array([world.days]))[0])
    clean = {name: export_table(name, table, cut) for name, table in everything.items()}
    told_of_leads = {name: export_table(name, table, cut) for name, table in of_leads.items()}
    tables, undated, spoiled = spoil(world, clean, cut=cut, seed=seed)
    outcomes = true_records(records, reps, stays, moves, final).assign(
        exported=created < cut, loss_reason=reasons.reindex(records.index)
    )
    named = stays.assign(
        record_id=records["record_id"].to_numpy()[stays["record"]],
        stage_name=np.array(world.funnel.stages, dtype=object)[stays["stage"]],
    )
    truth = Truth(
        market=market,
        shocks=shocks,
        records=outcomes,
        stays=named,
        reps=reps,
        leads=true_leads(world, lives, records),
        dirt=spoiled,
    )
    return SyntheticCRM(world=world, seed=seed, tables=tables, of_leads=told_of_leads, undated=undated, truth=truth)


def _closed_day(world: SyntheticWorld, stays: pd.DataFrame, n: int) -> np.ndarray:
    closed = np.full(n, world.total_days + 1, dtype=np.int64)
    ends = stays[stays["event"].isin((2, 3))]
    closed[ends["record"]] = ends["left_day"]
    return closed
