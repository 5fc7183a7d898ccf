"""Leads, losses, spend and feedback of the synthetic world carry the truth that it states."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from funnelml.history.funnel import LOST, WON
from funnelml.schema import DAY
from funnelml.synthetic import Arrivals, Gap, LeadCare, Losses, SyntheticCRM, SyntheticWorld, simulate_crm
from funnelml.synthetic.activities import MOST_CONTACTS
from funnelml.synthetic.feedback import ACCEPTS
from funnelml.synthetic.loss_reasons import EARLY_MIX, LATE_MIX, REASONS
from funnelml.synthetic.reason_texts import ACCEPTANCE, LOSS_TEXTS

WORLD = SyntheticWorld(days=500, future_days=60, arrivals=Arrivals(per_day=10.0), activities_per_day=0.05)


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(WORLD, seed=3)


def differences(crm: SyntheticCRM) -> pd.Series:
    """Share converted of leads undecided after 24 hours, answered by then minus not, by source."""
    leads = crm.truth.leads
    undecided = leads[(leads["ended_at"] < 0) | (leads["ended_at"] > leads["created_at"] + DAY)]
    converts = undecided["record_id"].notna().groupby([undecided["source"], undecided["fast"]]).mean().unstack()
    return converts[True] - converts[False]


def test_leads_answered_in_time_convert_more_often_by_the_stated_lift(crm: SyntheticCRM) -> None:
    for source, lift in differences(crm).items():
        n = (crm.truth.leads["source"] == source).sum()
        assert abs(lift - WORLD.lead_care.lift) < 4 * np.sqrt(0.25 / n * (1 / 0.62 + 1 / 0.38)), source
    assert crm.truth.leads["fast"].mean() == pytest.approx(0.64, abs=0.03)


def test_hot_sources_are_answered_sooner_without_a_lift() -> None:
    world = replace(WORLD, lead_care=LeadCare(lift=0.0, hot_first=1.5))
    crm = simulate_crm(world, seed=3)
    for source, lift in differences(crm).items():
        n = (crm.truth.leads["source"] == source).sum()
        assert abs(lift) < 4 * np.sqrt(0.25 / n / 0.2), source
    fast = crm.truth.leads.groupby("source")["fast"].mean()
    assert fast["Referral"] > fast["Outbound"] + 0.3


def test_answers_are_activities_of_leads_and_come_before_they_end(crm: SyntheticCRM) -> None:
    leads = crm.truth.leads.set_index("lead_id")
    answers = crm.of_leads["activities"]
    assert answers["record_id"].is_unique
    assert (answers["direction"] == "outbound").all()
    assert (answers["occurred_at"].to_numpy() == leads.loc[answers["record_id"], "answered_at"].to_numpy()).all()
    ended = leads[(leads["ended_at"] >= 0) & (leads["answered_at"] >= 0)]
    assert (ended["answered_at"] <= ended["ended_at"]).all()
    answered_in_time = (leads["answered_at"] >= 0) & (leads["answered_at"] <= leads["created_at"] + DAY)
    # Twice a year a day has 23 or 25 hours.
    assert (answered_in_time == leads["fast"]).mean() > 0.995
    assert 0.05 < (leads["answered_at"] < 0).mean() < 0.15


def test_leads_move_through_their_funnel_and_are_won_when_the_opportunity_opens(crm: SyntheticCRM) -> None:
    log = crm.of_leads["stage_changes"].sort_values(["record_id", "entered_at", "stage"])
    rank = log["stage"].map(WORLD.lead_funnel.order)
    ordered = log.assign(rank=rank).sort_values(["record_id", "rank"])
    same = ordered["record_id"].eq(ordered["record_id"].shift())
    assert (ordered["entered_at"].diff()[same] >= 0).all()
    won = log[log["stage"] == WON].set_index("record_id")["entered_at"]
    opened = crm.tables["opportunities"].set_index("lead_id")["created_at"]
    assert (won == opened.reindex(won.index)).all() and len(won) == len(opened)
    lost = log[log["stage"] == LOST]["record_id"]
    assert not lost.isin(opened.index).any()


def test_lead_stages_may_be_kept_from_a_day_on() -> None:
    begins = date(2024, 9, 1)
    crm = simulate_crm(replace(WORLD, lead_care=LeadCare(stages_from=begins)), seed=3)
    day = pd.to_datetime(crm.of_leads["stage_changes"]["entered_at"], unit="us", utc=True).dt.tz_convert(
        "Europe/Berlin"
    )
    assert day.min().date() == begins
    assert crm.of_leads["activities"].equals(simulate_crm(WORLD, seed=3).of_leads["activities"])


def test_reasons_of_losses_depend_on_the_stage_and_are_filled_as_stated(crm: SyntheticCRM) -> None:
    changes = crm.tables["field_changes"].query("field == 'loss_reason'")
    lost = crm.tables["stage_changes"].query("stage == 'lost'")
    n = len(lost)
    assert abs(len(changes) / n - 0.85) < 4 * np.sqrt(0.85 * 0.15 / n)
    known = lost.set_index("record_id")[["entered_at", "recorded_at"]].loc[changes["record_id"]]
    assert (known["entered_at"].to_numpy() == changes["changed_at"].to_numpy()).all()
    assert (known["recorded_at"].to_numpy() == changes["recorded_at"].to_numpy()).all()
    reason_of = {text: reason for reason, texts in LOSS_TEXTS["en"].items() for text in texts}
    true = crm.truth.records.set_index("record_id")["loss_reason"]
    assert (changes["new"].map(reason_of) == true.loc[changes["record_id"]].to_numpy()).all()
    stays = crm.truth.stays[crm.truth.stays["event"] == 3]
    for stage, mix in ((0, EARLY_MIX), (5, LATE_MIX)):
        of = true.loc[stays.loc[stays["stage"] == stage, "record_id"]].value_counts(normalize=True).reindex(REASONS)
        count = (stays["stage"] == stage).sum()
        np.testing.assert_array_less(np.abs(of.fillna(0) - mix), 4 * np.sqrt(mix * (1 - mix) / count) + 1e-9)


def test_losses_in_a_planted_gap_go_to_competitors() -> None:
    gap = Gap(stage="Proposal", begins=date(2024, 9, 1), before=0.8, after=0.5)
    crm = simulate_crm(replace(WORLD, gaps=(gap,), losses=Losses(filled_share=1.0, gap_share=0.5)), seed=3)
    stays = crm.truth.stays.query("event == 3 and stage_name == 'Proposal'")
    reason = crm.truth.records.set_index("record_id")["loss_reason"].loc[stays["record_id"]].to_numpy() == "competitor"
    after = (stays["left_day"] >= WORLD.day_index(gap.begins)).to_numpy()
    assert reason[after].mean() > reason[~after].mean() + 0.2


def test_spend_is_what_the_leads_of_a_month_should_cost(crm: SyntheticCRM) -> None:
    spend = crm.tables["spend"]
    assert not spend.duplicated(["spent_at", "source"]).any()
    assert "Referral" not in set(spend["source"])
    per_lead = spend.groupby("source")["amount"].sum() / crm.tables["leads"].groupby("source").size()
    for source in WORLD.sources:
        if source.cost:
            # The sixteen months that ended, of sixteen and a half.
            assert per_lead[source.name] == pytest.approx(source.cost, rel=0.2)


def test_feedback_of_reps_knows_something_of_what_comes_and_nothing_after_it(crm: SyntheticCRM) -> None:
    said = crm.tables["feedback"]
    leads = crm.truth.leads.set_index("lead_id")
    reviews = said[said["kind"] == "lead acceptance"].set_index("record_id")
    of = leads.loc[reviews.index]
    accepted = reviews["verdict"] == ACCEPTANCE["en"][0]
    for converts, chance in zip((False, True), ACCEPTS, strict=True):
        group = accepted[of["record_id"].notna() == converts]
        assert abs(group.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / len(group)) + 0.01
    assert (reviews["reason"].isna() == accepted).all()
    ended = of["ended_at"] >= 0
    assert (reviews["given_at"][ended] <= of["ended_at"][ended]).all()
    surveys = said[said["kind"] != "lead acceptance"].set_index("record_id")
    closed = crm.truth.records.set_index("record_id").loc[surveys.index, "closed_at"]
    assert (surveys["given_at"] > closed).all() and len(surveys) > 100


def test_accounts_have_one_to_four_contacts_and_reps_a_team(crm: SyntheticCRM) -> None:
    table = crm.tables["opportunities"]
    account = table.set_index("opportunity_id")["account"]
    of = crm.tables["activities"].assign(account=lambda t: account.loc[t["record_id"]].to_numpy())
    assert of.groupby("account")["contact"].nunique().between(1, MOST_CONTACTS).all()
    assert table.groupby("owner")["team"].nunique().eq(1).all()
    assert table["team"].nunique() == 2
