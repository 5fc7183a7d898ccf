"""What a lead, an opportunity, a win and an amount won cost, by source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from funnelml.diagnostics.leads.cost_intervals import COSTS, draw_costs
from funnelml.diagnostics.leads.cost_words import tell_costs
from funnelml.diagnostics.leads.records import find_opportunity_funnel, read_table, take_leads
from funnelml.diagnostics.losses.rules import UNKNOWN
from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.history.dates import day_of, instant_of
from funnelml.history.funnel import LOST, WON
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language
from funnelml.schema import DAY
from funnelml.survival.incidence import estimate_incidence

MOST_YOUNG = 0.2
"""Share of young leads above which a source is immature: wins are yet to come."""
_RIPE = 0.9


@dataclass(frozen=True, kw_only=True)
class SourceCosts:
    """What each source cost and brought, of the leads created in one span of days.

    Parameters
    ----------
    as_of, start, end : datetime.date
        Last day that is known; first and last day of the leads and of the spend.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.
    table : pandas.DataFrame
        One row per source, the most expensive first: ``source, spend, leads, opportunities, wins, amount_won, young``
        (leads not decided and younger than ``ripe_days``), ``young_share, is_immature``, and for each of ``per_lead,
        per_opportunity, per_win, per_amount_won`` the cost with ``_low`` and ``_high`` (bootstrap by lead); NaN where
        nothing was spent or nothing came of it, an end infinite where a draw may hold none.
    ripe_days : float
        Days from a lead to its win by which nine wins in ten have come, all sources together, open leads censored; NaN
        if there is no win.
    without_leads : tuple of str
        Sources with spend but no lead.
    without_spend : tuple of str
        Sources with leads but no spend.
    """

    as_of: date
    start: date
    end: date
    currency: str
    level: float
    table: pd.DataFrame
    ripe_days: float
    without_leads: tuple[str, ...]
    without_spend: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per source."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return the cheapest and the dearest source by win, what is not ripe yet, and what does not match."""
        return tell_costs(self, language)


def measure_source_costs(
    history: History,
    *,
    as_of: date,
    start: date | None = None,
    end: date | None = None,
    funnel: str | None = None,
    currency: str = "",
    level: float = 0.8,
    draws: int = 1000,
    seed: int = 0,
) -> SourceCosts:
    """Divide the spend of each source by what came of the leads of the same days.

    Parameters
    ----------
    history : History
        Canonical tables with ``leads`` and ``spend``.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    start, end : datetime.date, optional
        First and last day of the leads and the spend; by default the whole months from the first to the last spend, up
        to ``as_of``.
    funnel : str, optional
        Name of the funnel of the opportunities; the first by default. Of a funnel of leads, the first funnel of
        opportunities is taken instead.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.
    draws : int
        Bootstrap draws.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    SourceCosts

    Raises
    ------
    NotEnoughDataError
        If no spend or no lead is known.
    AsOfError
        If the span is empty.

    Notes
    -----
    Spend is what was paid, without error; the intervals say how the same spend might have brought other leads: each is
    drawn a Poisson number of times (Poisson bootstrap), so that the number of leads varies too. Wins of young leads are
    yet to come: the cost of a win falls as they ripen, and immature sources are marked.
    """
    cut = history.cut(as_of)
    spend = read_table(history, "spend", "spent_at", cut)
    if spend.empty:
        raise NotEnoughDataError(
            f"no spend had been recorded by {as_of}; map a source to the table 'spend' (spent_at, source, amount)"
        )
    start, end = _span(spend, start, end, as_of, history.time_zone)
    first, after = (instant_of(day, history.time_zone) for day in (start, end + timedelta(days=1)))
    leads = take_leads(history, as_of=as_of)
    leads = _follow(history, leads, as_of, funnel)
    ripe_days = _ripe_days(leads, cut)
    young = leads["undecided"] & ~((cut - leads["created_at"]) / DAY >= ripe_days)
    leads = leads.assign(young=young)[leads["created_at"].between(first, after - 1)]
    spent = spend[spend["spent_at"].between(first, after - 1)]
    paid = spent["amount"].groupby(spent["source"].astype(object).where(spent["source"].notna(), UNKNOWN)).sum()
    rng = np.random.default_rng(seed)
    rows = []
    for source in sorted(set(paid.index) | set(leads["source"])):
        own = leads[leads["source"] == source]
        cost = float(paid.get(source, 0.0))
        rows.append(_count(str(source), cost, own) | draw_costs(cost, own, rng=rng, draws=draws, level=level))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table = table.sort_values(["spend", "leads"], ascending=False, kind="stable", ignore_index=True)
    return SourceCosts(
        as_of=as_of,
        start=start,
        end=end,
        currency=currency,
        level=level,
        table=table,
        ripe_days=ripe_days,
        without_leads=tuple(table.loc[(table["spend"] > 0) & (table["leads"] == 0), "source"]),
        without_spend=tuple(table.loc[(table["spend"] <= 0) & (table["leads"] > 0), "source"]),
    )


_COUNTS = ("spend", "leads", "opportunities", "wins", "amount_won", "young", "young_share", "is_immature")
_COLUMNS = ["source", *_COUNTS, *(f"{name}{end}" for name in COSTS for end in ("", "_low", "_high"))]


def _span(spend: pd.DataFrame, start: date | None, end: date | None, as_of: date, time_zone: str) -> tuple[date, date]:
    if start is None:
        start = day_of(int(spend["spent_at"].min()), time_zone).replace(day=1)
    if end is None:
        last = day_of(int(spend["spent_at"].max()), time_zone)
        month = last.year * 12 + last.month
        end = date(month // 12, month % 12 + 1, 1) - timedelta(days=1)
    end = min(end, as_of)
    if end < start:
        raise AsOfError(f"no day lies between {start} and {end}; widen the span of leads and spend")
    return start, end


def _follow(history: History, leads: pd.DataFrame, as_of: date, funnel: str | None) -> pd.DataFrame:
    """Return what came of each lead: ``opened, won, undecided`` (bool), ``amount`` won, ``closed_at`` (NaN if open)."""
    try:
        sold = find_opportunity_funnel(history, as_of=as_of, funnel=funnel)
        records = take_snapshot(history, as_of=as_of, funnel=sold.name).records
    except AsOfError:
        # No opportunity has been recorded yet: all of them are still leads.
        records = pd.DataFrame(
            {name: pd.Series(dtype=object) for name in ("record_id", "stage", "amount", "entered_at")}
        )
    by_id = records.set_index("record_id")
    of = by_id.reindex(leads["opportunity_id"]).set_index(leads.index)
    won, lost = of["stage"] == WON, of["stage"] == LOST
    opened = leads["opened_at"].notna()
    amount = of["amount"].astype("float64").fillna(0.0).where(won, 0.0)
    closed = of["entered_at"].astype("float64").where(won | lost, leads["disqualified_at"])
    return leads.assign(opened=opened, won=won, undecided=closed.isna(), amount=amount, closed_at=closed)


def _ripe_days(leads: pd.DataFrame, cut: int) -> float:
    if not leads["won"].any():
        return float("nan")
    length = ((leads["closed_at"].fillna(float(cut)) - leads["created_at"]) / DAY).clip(lower=0)
    event = np.select([leads["won"], ~leads["undecided"]], [1, 2], default=0)
    curve = estimate_incidence(length.to_numpy(), event, n_causes=2, variance=False)
    won = curve.incidence[1]
    return float(curve.times[np.argmax(won >= _RIPE * won[-1])])


def _count(source: str, spend: float, leads: pd.DataFrame) -> dict[str, object]:
    n, young = len(leads), int(leads["young"].sum())
    part = young / n if n else float("nan")
    return {
        "source": source,
        "spend": spend,
        "leads": n,
        "opportunities": int(leads["opened"].sum()),
        "wins": int(leads["won"].sum()),
        "amount_won": float(leads["amount"].sum()),
        "young": young,
        "young_share": part,
        "is_immature": part > MOST_YOUNG,
    }
