"""The pipeline bridge: what took the open pipeline from its amount on one day to its amount on another, to the cent."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date

import narwhals as nw
import pandas as pd

from funnelml.diagnostics.bridge.steps import DATE_STEPS, MOVEMENTS, STEPS, add_up, attribute_steps, find_movements
from funnelml.errors import AsOfError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language, join_words, say, short_amount

_STATE = ("stage", "amount", "entered_at", "expected_close_date")


@dataclass(frozen=True, kw_only=True)
class PipelineBridge:
    """The steps from the open pipeline of one day to that of another.

    Parameters
    ----------
    since, as_of : datetime.date
        The two days; what was recorded later than ``as_of`` is not known.
    funnel : Funnel
        The funnel.
    currency : str
        Reporting currency.
    period_end : datetime.date or None
        If given, only the open amount expected to close by the end of this day is bridged.
    steps : pandas.DataFrame
        One row per step, in order: ``step, records`` (that the step touched), ``net_records`` (change of the number of
        records in the total), ``cents`` (int64). The first row is the start, the last the end; those between add up
        from one to the other.
    records : pandas.DataFrame
        One row per step and record that it touched: ``step, record_id, net_records, cents, owner, amount`` (of the
        step); then the record as known on ``since`` (``stage_known_then, amount_known_then``), as it was on ``since``
        by what is known now (``stage_start, amount_start``) and as it is on ``as_of`` (``stage_end, amount_end``).
    moved : pandas.DataFrame
        One row per record that is open on both days and movement: ``movement, record_id, owner, amount``.
    without_amount : int
        Records in the bridge whose amount is not known at one of its ends: it counts as 0 there.
    expected : PipelineBridge or None
        The bridge of what is expected to close by ``period_end``, where one was asked for.
    """

    since: date
    as_of: date
    funnel: Funnel
    currency: str
    period_end: date | None
    steps: pd.DataFrame
    records: pd.DataFrame
    moved: pd.DataFrame
    without_amount: int
    expected: PipelineBridge | None = None

    @property
    def priced(self) -> bool:
        """Whether any step has an amount."""
        return bool((self.steps["cents"] != 0).any())

    @property
    def bookings(self) -> float:
        """Amount that left as won: of the whole pipeline, the bookings between the two days."""
        return float(-self.steps.loc[self.steps["step"] == "won", "cents"].sum() / 100)

    @property
    def movements(self) -> pd.DataFrame:
        """One row per movement of open records: ``movement, records, amount`` (on ``as_of``)."""
        groups = self.moved.groupby("movement", observed=True)["amount"]
        table = pd.DataFrame({"records": groups.size(), "amount": groups.sum()}).reindex(list(MOVEMENTS), fill_value=0)
        return table.astype({"records": "int64", "amount": "float64"}).rename_axis("movement").reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step: ``step, records, net_records, amount``."""
        amount = (self.steps["cents"] / 100).to_numpy(dtype=float)
        return self.steps.drop(columns="cents").assign(amount=amount)

    def summary(self, language: Language = "en") -> str:
        """Return what the pipeline went from and to, by which steps, and how its open records moved."""
        figures = self.steps.set_index("step")["cents" if self.priced else "net_records"]
        told = join_words([self._step(step, n, language) for step, n in figures.iloc[1:-1].items() if n], language)
        told = told or say(language, en="nothing changed", zh="没有变化")
        start, end = (self._amount(figures[step], language) for step in ("start", "end"))
        what = say(language, en="Open pipeline", zh="在途商机")
        if self.period_end is not None:
            what = say(
                language,
                en=f"Open pipeline expected to close by {self.period_end}",
                zh=f"预计不晚于 {self.period_end} 成交的在途商机",
            )
        text = say(
            language,
            en=f"{what} went from {start} on {self.since} to {end} on {self.as_of}: {told}.",
            zh=f"{what}从 {self.since} 的 {start} 变为 {self.as_of} 的 {end}：{told}。",
        )
        text += self._movements_in_words(language)
        if self.without_amount:
            text += say(
                language,
                en=f" Records without an amount, which count as 0: {self.without_amount:,}.",
                zh=f"没有金额的记录有 {self.without_amount:,} 条，按 0 计。",
            )
        if self.expected is None:
            return text
        return text + say(language, en=" ", zh="") + self.expected.summary(language)

    def _movements_in_words(self, language: Language) -> str:
        if self.period_end is not None or self.moved.empty:
            return ""
        n = self.movements.set_index("movement")["records"]
        return say(
            language,
            en=(
                f" Of the records open on both days {n['advanced']:,} advanced and {n['fell_back']:,} fell back; "
                f"{n['pushed_out']:,} expected close dates were pushed out and {n['pulled_in']:,} pulled in."
            ),
            zh=(
                f"在两个日期都未关闭的记录中，{n['advanced']:,} 条推进，{n['fell_back']:,} 条回退；"
                f"预计成交日推迟 {n['pushed_out']:,} 条，提前 {n['pulled_in']:,} 条。"
            ),
        )

    def _amount(self, figure: int, language: Language) -> str:
        if self.priced:
            return short_amount(figure / 100, self.currency, language)
        return say(language, en=f"{figure:,} record{'' if figure == 1 else 's'}", zh=f"{figure:,} 条记录")

    def _step(self, step: Hashable, figure: int, language: Language) -> str:
        size = short_amount(abs(figure) / 100, "", language) if self.priced else f"{abs(figure):,}"
        size, name = ("+" if figure > 0 else "\N{MINUS SIGN}") + size, STEPS[str(step)][language]
        return say(language, en=f"{size} {name}", zh=f"{name} {size}")


def build_bridge(
    history: History,
    *,
    since: date,
    as_of: date,
    funnel: str | None = None,
    currency: str = "",
    period_end: date | None = None,
) -> PipelineBridge:
    """Say what took the open pipeline from its amount on ``since`` to its amount on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables.
    since : datetime.date
        First day; its pipeline is the one that was known at its end.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    currency : str
        Reporting currency, for the words.
    period_end : datetime.date, optional
        If given, ``expected`` is a second bridge: of the open amount whose expected close date is this day or earlier.

    Returns
    -------
    PipelineBridge

    Raises
    ------
    AsOfError
        If ``since`` is after ``as_of``, or nothing had been recorded by ``as_of``.
    InputError
        If the amounts are too great to be counted to the cent.

    Notes
    -----
    Amounts are rounded to cents (hundredths of the unit) first and added as integers, so the steps add up exactly; an
    unknown amount counts as 0. Each record has three states: on ``since`` as known then, on ``since`` by all that was
    recorded until ``as_of``, and on ``as_of``. The written rule:

    - *corrected*: from the first state to the second. A backdated creation, closing or amount lands here.
    - *new* and *re-opened* records come in at their last amount. New is a record whose first move is later than
      ``since``; re-opened is one that was closed on ``since`` and has moved since.
    - *amount up*, *amount down*: the last amount against that on ``since``, of records that were open on ``since``,
      whatever became of them. A first amount, where there was none, is *up*.
    - *won* and *lost* records leave at their last amount. A record that came in and was won in between is in both
      *new* and *won*; so *won* is all that became won in between and still stands as won: the bookings.
    - What was done and undone in between (lost and re-opened, up and down again) is no step.

    In the bridge of what is expected by ``period_end`` a record counts in a state if it is open and its expected close
    date in that state is due by then. *Pulled in* comes in at its last amount; *pushed out* (or no longer dated) leaves
    at it, after its change of amount. Only records that were in, or came in, leave as *won* or *lost*; a closed record
    comes in by its last expected close date. Movements compare the second state with the third, for records that are
    open in both.

    Examples
    --------
    >>> from funnelml.synthetic import SyntheticWorld, simulate_crm
    >>> crm = simulate_crm(SyntheticWorld(days=120, future_days=30), seed=1)
    >>> bridge = build_bridge(crm.history, since=date(2024, 3, 31), as_of=crm.as_of)
    >>> int(bridge.steps["cents"].iloc[:-1].sum() - bridge.steps["cents"].iloc[-1])
    0
    """
    if since > as_of:
        raise AsOfError(f"a bridge leads from {since} to {as_of}, which is earlier; swap the two days")
    end = take_snapshot(history, as_of=as_of, funnel=funnel)
    of, ids = end.funnel, pd.Index(end.records["record_id"])
    states = {
        "known_then": _records(history, as_of=since, funnel=of).reindex(ids),
        "start": _records(_happened_before(history, history.cut(since)), as_of=as_of, funnel=of).reindex(ids),
        "end": end.records.set_index("record_id"),
    }
    moved = find_movements(states["start"], states["end"], of)

    def bridge(due_by: date | None, expected: PipelineBridge | None = None) -> PipelineBridge:
        due_before = None if due_by is None else history.cut(due_by)
        touched = attribute_steps(states, changed_from=history.cut(since), due_before=due_before)
        records, steps = _with_states(touched, states), add_up(touched)
        return PipelineBridge(
            since=since,
            as_of=as_of,
            funnel=of,
            currency=currency,
            period_end=due_by,
            steps=steps if due_by is not None else steps[~steps["step"].isin(DATE_STEPS)].reset_index(drop=True),
            records=records,
            moved=moved,
            without_amount=_count_blanks(records),
            expected=expected,
        )

    return bridge(None, None if period_end is None else bridge(period_end))


def _happened_before(history: History, cut: int) -> History:
    """Return the history of what happened before ``cut``, whenever it was recorded."""
    tables = {}
    for name, time in (("stage_changes", "entered_at"), ("field_changes", "changed_at")):
        if (log := history.lazy(name)) is not None:
            tables[name] = log.filter(nw.col(time) < cut).to_native()
    return history.with_tables(**tables)


def _records(history: History, *, as_of: date, funnel: Funnel) -> pd.DataFrame:
    try:
        records = take_snapshot(history, as_of=as_of, funnel=funnel.name).records
    except AsOfError:  # Nothing was there yet: a bridge may begin at zero.
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ("owner", *_STATE)})
    return records.set_index("record_id")


def _with_states(touched: pd.DataFrame, states: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    ids = touched["record_id"]
    seen = {
        f"{field}_{name}": states[name][field].reindex(ids).to_numpy(dtype=dtype)
        for name in states
        for field, dtype in (("stage", object), ("amount", float))
    }
    owner = states["end"]["owner"].reindex(ids).to_numpy(dtype=object)
    return touched.assign(owner=owner, amount=(touched["cents"] / 100).astype(float), **seen)


def _count_blanks(records: pd.DataFrame) -> int:
    blank = [records[f"stage_{name}"].notna() & records[f"amount_{name}"].isna() for name in ("start", "end")]
    return int(records.loc[blank[0] | blank[1], "record_id"].nunique())
