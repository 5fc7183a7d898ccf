"""Habits: what was done with each record, as one row of numbers."""

from __future__ import annotations

from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from funnelml.diagnostics.comparison.records import first_known
from funnelml.diagnostics.directions import is_outbound
from funnelml.history.episodes import ADVANCED, CENSORED, WON_EVENT, StageEpisodes, stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY

LIVE = ("meeting", "demo", "presentation", "会议", "演示", "拜访", "面谈")
"""Words in the kind of an activity at which both sides are present."""

_MOST_KINDS = 6


def measure_habits(
    history: History, members: pd.DataFrame, *, as_of: date, funnel: str, within_days: float
) -> pd.DataFrame:
    """Return what was done with each record in its first days.

    Parameters
    ----------
    history : History
        Canonical tables.
    members : pandas.DataFrame
        ``record_id, start`` (microseconds) and ``succeeded``.
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Name of the funnel.
    within_days : float
        Days from ``start`` that are looked at: the same for all, so that old records have no longer list of deeds.

    Returns
    -------
    pandas.DataFrame
        One row per member, in their order; NaN where a habit has no meaning for a record. Columns, where the data know
        them: ``activities`` and ``activities:<kind>`` (per open week; a week that is not full counts as one),
        ``live_share`` (of the activities), ``first_response`` (days to the first outbound activity), ``contacts``
        (different ones), ``stay:<stage>`` (days, ended stays), ``amount`` (at creation); of the records that succeeded
        also ``amount_change``, ``skipped`` stages and ``pushes`` of the expected close date.

    Notes
    -----
    Late stages see more demos whoever works them, and who wins more gets there more often. So activities are counted
    less what the stages in which a record spent its weeks would bring with anybody, plus the mean of all.
    """
    of, cut = history.funnel(funnel), history.cut(as_of)
    who = members.set_index("record_id")
    end = who["start"] + int(within_days * DAY)
    stays = _within(stage_episodes(history, as_of=as_of, funnel=funnel), who["start"], end)
    habits = _of_activities(_events(history, "activities", "occurred_at", cut, who["start"], end), who, stays)
    for stage in of.stages:
        ended = stays[(stays["stage"] == stage) & (stays["event"] != CENSORED)]
        habits[f"stay:{stage}"] = ended.groupby("record_id")["duration_days"].sum().reindex(who.index)
    skipped = stays.groupby("record_id")["skipped"].sum().reindex(who.index)
    habits["skipped"] = skipped.where(who["succeeded"])
    changes = _events(history, "field_changes", "changed_at", cut, who["start"], end)
    habits |= _of_fields(history, of, as_of, cut, changes, who)
    table = pd.DataFrame(habits, index=who.index).astype(float)
    return table.loc[:, table.notna().any()]


def _within(episodes: StageEpisodes, start: pd.Series, end: pd.Series) -> pd.DataFrame:
    table = episodes.table[episodes.table["record_id"].isin(start.index)]
    begins, ends = table["record_id"].map(start), table["record_id"].map(end)
    table = table[(table["entered_at"] >= begins) & (table["entered_at"] < ends)]
    left = (table["record_id"].map(end) - table["entered_at"]) / DAY
    order = episodes.funnel.order
    next_rank = table["next_stage"].map(order)
    jump = np.where(table["event"] == WON_EVENT, len(episodes.funnel.stages), next_rank) - table["stage"].map(order) - 1
    forward = table["event"].isin((ADVANCED, WON_EVENT))
    return table.assign(open_days=np.minimum(table["duration_days"], left), skipped=np.where(forward, jump, 0.0))


def _events(history: History, name: str, time: str, cut: int, start: pd.Series, end: pd.Series) -> pd.DataFrame | None:
    log = history.lazy(name)
    if log is None:
        return None
    known = log.filter(nw.col("recorded_at") < cut, nw.col(time) < cut).collect(backend="pandas").to_native()
    known = known[known["record_id"].isin(start.index)]
    at = known[time]
    known = known[(at >= known["record_id"].map(start)) & (at < known["record_id"].map(end))]
    return known.sort_values([time, "recorded_at"])


def _of_activities(activities: pd.DataFrame | None, who: pd.DataFrame, stays: pd.DataFrame) -> dict[str, pd.Series]:
    if activities is None or activities.empty or stays.empty:
        return {}
    days = stays.pivot_table(index="record_id", columns="stage", values="open_days", aggfunc="sum", fill_value=0.0)
    weeks = days.reindex(who.index, fill_value=0.0) / 7
    stage = _stage_of(activities, stays)
    habits = {"activities": _per_week(activities, stage, weeks)}
    for kind in activities["kind"].value_counts().index[:_MOST_KINDS]:
        of_kind = activities["kind"] == kind
        habits[f"activities:{kind}"] = _per_week(activities[of_kind], stage[of_kind], weeks)
    live = activities["kind"].astype(str).str.casefold().str.contains("|".join(LIVE)).astype(float)
    if live.any():
        usual = live.groupby(stage).transform("mean")
        habits["live_share"] = (live - usual).groupby(activities["record_id"]).mean().reindex(who.index) + live.mean()
    ours = activities
    if "direction" in activities and (outbound := is_outbound(activities["direction"])).any():
        ours = activities[outbound]
    time = ours.groupby("record_id")["occurred_at"].min().reindex(who.index)
    habits["first_response"] = (time - who["start"]) / DAY
    if "contact" in activities:
        contacts = activities.dropna(subset="contact").groupby("record_id")["contact"].nunique()
        habits["contacts"] = contacts.reindex(who.index)
    return habits


def _stage_of(activities: pd.DataFrame, stays: pd.DataFrame) -> pd.Series:
    """Return the stage in which each activity happened; empty if the record was in none."""
    left = activities[["record_id", "occurred_at"]].assign(row=activities.index).sort_values("occurred_at")
    right = stays[["record_id", "entered_at", "stage"]].sort_values("entered_at", kind="stable")
    found = pd.merge_asof(
        left.astype({"record_id": object}), right, left_on="occurred_at", right_on="entered_at", by="record_id"
    )
    return found.set_index("row")["stage"].reindex(activities.index).fillna("")


def _per_week(activities: pd.DataFrame, stage: pd.Series, weeks: pd.DataFrame) -> pd.Series:
    count = activities.groupby("record_id").size().reindex(weeks.index, fill_value=0)
    spent = weeks.sum()
    pace = stage.value_counts().reindex(spent.index, fill_value=0) / spent.where(spent > 0, 1.0)
    done, lasted = count.to_numpy(dtype=float), np.maximum(weeks.to_numpy().sum(axis=1), 1.0)
    beyond = done - weeks.to_numpy() @ pace.to_numpy()
    return pd.Series((done / lasted).mean() + beyond / lasted, index=weeks.index)


def _of_fields(
    history: History, funnel: Funnel, as_of: date, cut: int, changes: pd.DataFrame | None, who: pd.DataFrame
) -> dict[str, pd.Series]:
    now = take_snapshot(history, as_of=as_of, funnel=funnel.name).records.set_index("record_id")
    amount = now["amount"].reindex(who.index)
    first = first_known(history, funnel, cut, ("amount",)).reindex(who.index)
    if "amount" in first:
        amount = pd.to_numeric(first["amount"], errors="coerce").fillna(amount)
    amount = amount.where(amount > 0)
    habits = {"amount": amount}
    if changes is None or changes.empty:
        return habits
    changes = changes[changes["funnel"] == funnel.name]
    of_amount = changes[changes["field"] == "amount"]
    if len(of_amount):
        last = pd.to_numeric(of_amount.groupby("record_id")["new"].last().reindex(who.index), errors="coerce")
        habits["amount_change"] = (last.fillna(amount) / amount - 1).where(who["succeeded"])
    dates = changes[changes["field"] == "expected_close_date"]
    if len(dates) and "old" in dates:
        # Written as YYYY-MM-DD, so that later dates are later words.
        later = dates[
            dates["new"].astype(str).str[:10] > dates["old"].where(dates["old"].notna(), "~").astype(str).str[:10]
        ]
        pushes = later.groupby("record_id").size().reindex(who.index, fill_value=0)
        habits["pushes"] = pushes.where(who["succeeded"])
    return habits
