"""What reps say about leads and customers about us: acceptance by source and owner, and whether the verdicts hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from funnelml.diagnostics.leads.feedback_counts import (
    ask_customers,
    count_acceptance,
    count_rejections,
    follow_verdicts,
    review_leads,
)
from funnelml.diagnostics.leads.feedback_sentences import tell_feedback
from funnelml.diagnostics.leads.feedback_words import ACCEPTANCE, normalise_feedback
from funnelml.diagnostics.leads.records import find_opportunity_funnel, read_table
from funnelml.diagnostics.losses.rules import ReasonRules
from funnelml.errors import NotEnoughDataError
from funnelml.history.history import History
from funnelml.language import Language


@dataclass(frozen=True, kw_only=True)
class FeedbackReport:
    """What was said, and what came of it.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    horizon_days : int
        Days after a verdict within which becoming an opportunity counts.
    level : float
        Probability of the intervals.
    acceptance : pandas.DataFrame
        ``by`` (``all, source, owner``), ``group, reviewed, accepted, share, low, high`` (Wilson): the last verdict on
        each lead.
    rejections : pandas.DataFrame
        ``reason, rejected, share, low, high`` (of the rejections with a reason; NaN for ``unknown``).
    verdicts : pandas.DataFrame
        ``verdict, leads, became, share, low, high``: leads that were undecided at their verdict and whose horizon has
        passed, and how many of them became an opportunity within it.
    difference, difference_low, difference_high : float
        Share that became an opportunity among the accepted minus that among the rejected (Newcombe's interval).
    customers : pandas.DataFrame
        ``kind`` (``survey, interview``), ``outcome`` (``won, lost, open``), ``verdict, said, of, share, low, high``.
    interviews : int
        Interviews about lost records in which both the customer and the CRM name a reason.
    interviews_agree : int
        Those of them in which it is the same.
    not_understood : int
        Rows whose kind or verdict is none that is known.
    """

    as_of: date
    horizon_days: int
    level: float
    acceptance: pd.DataFrame
    rejections: pd.DataFrame
    verdicts: pd.DataFrame
    difference: float
    difference_low: float
    difference_high: float
    customers: pd.DataFrame
    interviews: int
    interviews_agree: int
    not_understood: int

    def to_frame(self) -> pd.DataFrame:
        """Return the acceptance of leads: all, by source and by owner."""
        return self.acceptance

    def summary(self, language: Language = "en") -> str:
        """Return how many leads are accepted, where fewest are, whether the verdicts hold, and what customers say."""
        return tell_feedback(self, language)


def measure_feedback(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    rules: ReasonRules | None = None,
    horizon_days: int = 30,
    level: float = 0.8,
) -> FeedbackReport:
    """Measure the feedback on leads and of customers, and hold it against what came later.

    Parameters
    ----------
    history : History
        Canonical tables with ``feedback``, and ``leads`` for the acceptance of leads.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel of the opportunities; the first by default. Of a funnel of leads, the first funnel of
        opportunities is taken instead.
    rules : ReasonRules, optional
        The user's words for reasons.
    horizon_days : int
        Days after a verdict within which becoming an opportunity counts.
    level : float
        Probability of the intervals.

    Returns
    -------
    FeedbackReport

    Raises
    ------
    NotEnoughDataError
        If no feedback is known.
    """
    cut = history.cut(as_of)
    raw = read_table(history, "feedback", "given_at", cut)
    if raw.empty:
        raise NotEnoughDataError(
            f"no feedback had been recorded by {as_of}; map a source to the table 'feedback' (record_id, given_at, "
            "kind, verdict, reason)"
        )
    order = ["given_at", "recorded_at", "record_id"]
    said = normalise_feedback(raw).sort_values(order, kind="stable", ignore_index=True)
    said = said if "reason" in said else said.assign(reason=None)
    known = said["kind"].notna() & said["verdict"].notna()
    reviews = review_leads(history, said[known & (said["kind"] == ACCEPTANCE)], as_of)
    verdicts, compared = follow_verdicts(reviews, cut, horizon_days, level)
    sold = find_opportunity_funnel(history, as_of=as_of, funnel=funnel).name
    customers, interviews, agree = ask_customers(
        history, said[known & (said["kind"] != ACCEPTANCE)], as_of=as_of, funnel=sold, rules=rules, level=level
    )
    return FeedbackReport(
        as_of=as_of,
        horizon_days=horizon_days,
        level=level,
        acceptance=count_acceptance(reviews, level),
        rejections=count_rejections(reviews, rules, level),
        verdicts=verdicts,
        difference=compared["difference"],
        difference_low=compared["low"],
        difference_high=compared["high"],
        customers=customers,
        interviews=interviews,
        interviews_agree=agree,
        not_understood=int((~known).sum()),
    )
