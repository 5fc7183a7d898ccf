"""A rule that warns of records: what every rule has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import pandas as pd

from funnelml.history.record_log import RecordLog
from funnelml.language import Language, join_words

Words = tuple[str, str]
"""What is said, in English and in Chinese."""


@dataclass(frozen=True, kw_only=True)
class WarningRule(ABC):
    """A rule that warns of open records; a subclass has its thresholds as fields and fills in the hooks."""

    name: ClassVar[str]

    def find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        """Return the open records that the rule warns of.

        Parameters
        ----------
        log : RecordLog
            What is known at some instant.
        ranks : pandas.Series
            Position in the funnel of each open record (the index).

        Returns
        -------
        pandas.DataFrame
            ``record_id, value`` (float, what ``explain`` tells), ``since`` (microseconds; when the warning began).
        """
        found = self._find(log, ranks)
        found = found[found["which"].astype(bool)].drop(columns="which")
        return found.astype({"value": "float64", "since": "int64"}).reset_index(names="record_id")

    def describe(self, language: Language = "en") -> str:
        """Return the rule with its thresholds: ``no activity for 21 days``."""
        return self._describe()[language == "zh"]

    def explain(self, value: float, language: Language = "en") -> str:
        """Return what was found of one record: ``no activity for 34 days``."""
        return self._explain(value)[language == "zh"]

    def why_not(self, log: RecordLog, language: Language = "en") -> str:
        """Return why the rule cannot be judged for want of data, or an empty text if it can."""
        return self._why_not(log)[language == "zh"]

    def why_unmeasured(self, log: RecordLog, language: Language = "en") -> str:
        """Return why nothing is known of what the rule would have said in the past, or an empty text if it is."""
        return self._why_unmeasured(log)[language == "zh"]

    def first_judged(self, log: RecordLog) -> int:
        """Return the first instant (microseconds) at which the rule could have warned."""
        return int(log.stages["recorded_at"].min()) if len(log.stages) else log.cut

    @property
    def threshold(self) -> str:
        """The thresholds as they are written in the settings."""
        return ", ".join(f"{f.name} = {_write(getattr(self, f.name))}" for f in fields(self))

    @abstractmethod
    def _find(self, log: RecordLog, ranks: pd.Series) -> pd.DataFrame:
        """Return ``which, value, since`` of every open record (the index)."""

    @abstractmethod
    def _describe(self) -> Words: ...

    @abstractmethod
    def _explain(self, value: float) -> Words: ...

    @abstractmethod
    def _why_not(self, log: RecordLog) -> Words: ...

    def _why_unmeasured(self, log: RecordLog) -> Words:
        # What is read from changes and activities was known when it was recorded; only fixed values have no past.
        return "", ""


def without_changes(log: RecordLog, names: tuple[str, ...]) -> Words:
    """Return that no field of these names has a history, or empty texts if one has."""
    if bool(log.fields["field"].isin(names).any()):
        return "", ""
    told = [n.replace("_", " ") for n in names]
    return f"no changes of {join_words(told)} in the data", f"数据中没有 {join_words(told, 'zh')} 的变更记录"


def _write(value: object) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else f"{value:g}"
