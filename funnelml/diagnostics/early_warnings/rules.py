"""The rules that warn of records, each with its thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from funnelml.diagnostics.early_warnings.rule import WarningRule, Words, without_changes
from funnelml.diagnostics.integrity.close_dates import find_pushes
from funnelml.history.dates import day_of, instant_of
from funnelml.history.record_log import RecordLog
from funnelml.language import days, share
from funnelml.schema import DAY


@dataclass(frozen=True, kw_only=True)
class NoActivity(WarningRule):
    """No activity for more than ``days`` days, counted from the creation of a record that never had one."""

    name: ClassVar[str] = "no_activity"
    days: float = 21

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        assert log.activities is not None
        created = log.stages.groupby("record_id")["entered_at"].min().reindex(ranks.index)
        last = log.activities.groupby("record_id")["occurred_at"].max().reindex(ranks.index).fillna(created)
        quiet = (log.cut - last) / DAY
        return pd.DataFrame(
            {"which": quiet > self.days, "value": np.floor(quiet), "since": last + self.days * DAY}, index=ranks.index
        )

    def _describe(self) -> Words:
        return self._explain(self.days)

    def _explain(self, value: float) -> Words:
        return f"no activity for {days(value)}", f"{days(value, 'zh')}没有任何活动"

    def _why_not(self, log: RecordLog) -> Words:
        if log.activities is not None and len(log.activities):
            return "", ""
        return "no activities in the data", "数据中没有活动记录"

    def first_judged(self, log: RecordLog) -> int:
        """Return when the first activity was ``days`` old: before activities were logged, every record was quiet."""
        assert log.activities is not None
        return int(log.activities["recorded_at"].min() + self.days * DAY)


@dataclass(frozen=True, kw_only=True)
class Pushed(WarningRule):
    """The expected close date was put off ``times`` times or more."""

    name: ClassVar[str] = "pushed"
    times: int = 3

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        pushes = find_pushes(log)
        number = pushes.groupby("record_id").size().reindex(ranks.index, fill_value=0)
        reached = pushes[pushes["number"] == self.times].set_index("record_id")["at"]
        return pd.DataFrame({"which": number >= self.times, "value": number, "since": reached}, index=ranks.index)

    def _describe(self) -> Words:
        return f"close date pushed {self.times} times or more", f"预计成交日期推迟 {self.times} 次及以上"

    def _explain(self, value: float) -> Words:
        return f"close date pushed {value:.0f} times", f"预计成交日期已推迟 {value:.0f} 次"

    def _why_not(self, log: RecordLog) -> Words:
        return without_changes(log, ("expected_close_date",))


@dataclass(frozen=True, kw_only=True)
class AmountCut(WarningRule):
    """The amount fell by ``percent`` % or more within the last ``days`` days."""

    name: ClassVar[str] = "amount_cut"
    percent: float = 20
    days: float = 30

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        changes = log.changes_of("amount")
        new = pd.to_numeric(changes["new"], errors="coerce")
        old = pd.to_numeric(changes["old"], errors="coerce")
        old = old.where(old.notna(), new.groupby(changes["record_id"]).shift())
        table = changes[["record_id", "changed_at"]].assign(old=old, new=new).dropna()
        recent = table[table["changed_at"] >= log.cut - self.days * DAY].groupby("record_id")
        before = recent["old"].first().reindex(ranks.index)
        # What was worth nothing cannot be cut; without a change there is NaN, which is not less than anything.
        before = before.where(before > 0)
        after = recent["new"].last().reindex(ranks.index)
        # Multiplied out, so that 10 % of 10 is 1 and not a little less.
        which = 100 * after <= (100 - self.percent) * before
        return pd.DataFrame(
            {"which": which, "value": 1 - after / before, "since": recent["changed_at"].last()}, index=ranks.index
        )

    def _describe(self) -> Words:
        by = share(self.percent / 100)
        return (
            f"amount cut by {by} or more within {days(self.days)}",
            f"{days(self.days, 'zh')}内金额下调 {by} 及以上",
        )

    def _explain(self, value: float) -> Words:
        return (
            f"amount cut by {share(value)} within {days(self.days)}",
            f"{days(self.days, 'zh')}内金额下调 {share(value)}",
        )

    def _why_not(self, log: RecordLog) -> Words:
        return without_changes(log, ("amount",))


@dataclass(frozen=True, kw_only=True)
class TermsChanged(WarningRule):
    """The ``fields`` changed ``times`` times or more, all taken together, within the last ``days`` days."""

    name: ClassVar[str] = "terms_changed"
    times: int = 2
    days: float = 30
    fields: tuple[str, ...] = ("terms", "discount", "payment_terms")

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        changes = log.fields[log.fields["field"].isin(self.fields)]
        recent = changes[changes["changed_at"] >= log.cut - self.days * DAY].groupby("record_id")["changed_at"]
        number = recent.size().reindex(ranks.index, fill_value=0)
        return pd.DataFrame({"which": number >= self.times, "value": number, "since": recent.max()}, index=ranks.index)

    def _describe(self) -> Words:
        return (
            f"terms changed {self.times} times or more within {days(self.days)}",
            f"{days(self.days, 'zh')}内条款变更 {self.times} 次及以上",
        )

    def _explain(self, value: float) -> Words:
        return (
            f"terms changed {value:.0f} times within {days(self.days)}",
            f"{days(self.days, 'zh')}内条款变更 {value:.0f} 次",
        )

    def _why_not(self, log: RecordLog) -> Words:
        return without_changes(log, self.fields)


@dataclass(frozen=True, kw_only=True)
class SingleContact(WarningRule):
    """Only one contact in all activities of a record in the later half of the funnel."""

    name: ClassVar[str] = "single_contact"

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        assert log.activities is not None
        contacts = log.activities.groupby("record_id")["contact"].nunique().reindex(ranks.index, fill_value=0)
        late = ranks >= len(log.funnel.stages) / 2
        entered = log.stages.drop_duplicates("record_id", keep="last").set_index("record_id")["entered_at"]
        return pd.DataFrame({"which": late & (contacts == 1), "value": contacts, "since": entered}, index=ranks.index)

    def _describe(self) -> Words:
        return "one contact only, late in the funnel", "漏斗后半程仍只有一位联系人"

    def _explain(self, value: float) -> Words:
        return self._describe()

    def _why_not(self, log: RecordLog) -> Words:
        if log.activities is not None and bool(log.activities["contact"].notna().any()):
            return "", ""
        return "no contacts in the data", "数据中没有联系人"

    def first_judged(self, log: RecordLog) -> int:
        """Return when the first contact was recorded."""
        assert log.activities is not None
        return int(log.activities.loc[log.activities["contact"].notna(), "recorded_at"].min())


@dataclass(frozen=True, kw_only=True)
class PastCloseDate(WarningRule):
    """The expected close date is over by more than ``days`` days."""

    name: ClassVar[str] = "past_close_date"
    days: float = 0

    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        promised = log.close_dates_now(ranks.index)
        today = instant_of(day_of(log.cut - 1, log.time_zone), log.time_zone)
        # Whole days, though a change of clocks makes one an hour shorter.
        over = ((today - promised) / DAY).round()
        since = promised + (self.days + 1) * DAY
        return pd.DataFrame({"which": over > self.days, "value": over, "since": since}, index=ranks.index)

    def _describe(self) -> Words:
        if not self.days:
            return "expected close date in the past", "预计成交日期已过"
        return (
            f"expected close date more than {days(self.days)} ago",
            f"预计成交日期已过去超过 {days(self.days, 'zh')}",
        )

    def _explain(self, value: float) -> Words:
        return f"expected close date {days(value)} ago", f"预计成交日期已过 {days(value, 'zh')}"

    def _why_not(self, log: RecordLog) -> Words:
        if log.has_field("expected_close_date"):
            return "", ""
        return "no expected close dates in the data", "数据中没有预计成交日期"

    def _why_unmeasured(self, log: RecordLog) -> Words:
        if len(log.changes_of("expected_close_date")):
            return "", ""
        return (
            "no history of expected close date: today's value is not what was known then",
            "没有预计成交日期的变更历史，今天的值并非当时所知",
        )


_RULES: tuple[type[WarningRule], ...] = (NoActivity, Pushed, AmountCut, TermsChanged, SingleContact, PastCloseDate)

WARNING_RULES: Mapping[str, type[WarningRule]] = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every rule by its name in the settings."""

DEFAULT_RULES: tuple[WarningRule, ...] = tuple(rule() for rule in _RULES)
"""Every rule with its own thresholds."""
