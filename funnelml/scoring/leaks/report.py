"""The result of a search for leaks: suspects with their evidence, a verdict on each, and rows without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from funnelml.language import Language, join_words, say
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.rows import ScoringRows

Verdict = Literal["leave out", "look at"]

_FILLED_KNOWINGLY = frozenset({"one_outcome", "empty_decides", "filled_by_outcome", "filled_late", "empty_when_open"})
"""Evidence that whether a field is filled tells how its record ended, or that it has ended."""

VERDICTS: dict[str, tuple[str, str]] = {"leave out": ("leave out", "剔除"), "look at": ("look at", "需核查")}
"""Verdicts in words."""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A field that may know the outcome.

    Parameters
    ----------
    field : str
        Its name.
    verdict : {"leave out", "look at"}
        ``leave out`` takes it away from the rows unless it is kept; ``look at`` is a note.
    kept : bool
        Whether the user insists on it.
    evidence : tuple of Evidence
        What speaks against it, the heaviest first.
    auc, auc_low : float
        Cross-validated AUC of the field alone, and what it is at least with 95 % confidence; NaN if it is no column.
    filled : float
        Share of rows with a value; NaN if it is no column.
    """

    field: str
    verdict: Verdict
    kept: bool
    evidence: tuple[Evidence, ...]
    auc: float
    auc_low: float
    filled: float

    @property
    def without_past(self) -> bool:
        """Whether it was never made a feature, since its past is not known: it may be honest, but nobody can tell."""
        return any(e.kind == "no_history" for e in self.evidence)

    @property
    def filled_knowingly(self) -> bool:
        """Whether it is filled or empty as the outcome would have it: who is counted by it is chosen by the outcome."""
        return any(e.kind in _FILLED_KNOWINGLY for e in self.evidence)

    def tell(self, language: Language = "en") -> str:
        """Return the evidence in words, with figures."""
        return say(language, en="; ", zh="；").join(e.tell(language) for e in self.evidence)


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """Fields that may know the outcome before it came about.

    Parameters
    ----------
    suspects : tuple of Suspect
        Those to leave out first, the strongest first.
    fields : int
        Number of fields that were looked at.
    rows : int
        Number of rows.
    """

    suspects: tuple[Suspect, ...]
    fields: int
    rows: int

    @property
    def left_out(self) -> tuple[str, ...]:
        """Fields to leave out, but for those that the user keeps; those without a past among them."""
        return tuple(s.field for s in self.suspects if s.verdict == "leave out" and not s.kept)

    @property
    def without_past(self) -> tuple[str, ...]:
        """Fields that were never made features, since their past is not known."""
        return tuple(s.field for s in self.suspects if s.without_past)

    @property
    def kept(self) -> tuple[str, ...]:
        """Fields to leave out that the user keeps all the same."""
        return tuple(s.field for s in self.suspects if s.verdict == "leave out" and s.kept)

    @property
    def filled_knowingly(self) -> tuple[str, ...]:
        """Fields whose filling tells the outcome, but for those that the user keeps: nothing can be counted by them.

        A note is enough here. What the field itself says of a record may be honest; what became of the other records
        with its value is not known of a record whose value came with its end.
        """
        return tuple(s.field for s in self.suspects if s.filled_knowingly and not s.kept)

    @property
    def to_look_at(self) -> tuple[str, ...]:
        """Fields with a note that stay."""
        return tuple(s.field for s in self.suspects if s.verdict == "look at")

    def apply(self, rows: ScoringRows) -> ScoringRows:
        """Return the rows without the fields to leave out."""
        return rows.without(*(field for field in self.left_out if field in rows.features))

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per suspect: ``field, verdict, kept, auc, filled, evidence``, in words."""
        told = [
            (s.field, VERDICTS[s.verdict][language == "zh"], s.kept, s.auc, s.filled, s.tell(language))
            for s in self.suspects
        ]
        return pd.DataFrame(told, columns=["field", "verdict", "kept", "auc", "filled", "evidence"])

    def summary(self, language: Language = "en") -> str:
        """Return which fields have no past, are left out, kept against the advice, and to be looked at."""
        if not self.suspects:
            return say(
                language,
                en=f"None of {self.fields:,} fields looks like a leak in {self.rows:,} rows.",
                zh=f"在 {self.rows:,} 行中检查了 {self.fields:,} 个字段，未发现疑似泄漏。",
            )
        known = tuple(field for field in self.left_out if field not in self.without_past)
        parts = [
            (self.without_past, "left out as their past is not known", "因历史取值未知而未使用"),
            (known, "left out as they seem to know the outcome", "因疑似含有结果信息而剔除"),
            (self.kept, "kept though they look like leaks", "按要求保留，但疑似泄漏"),
            (self.to_look_at, "to be looked at", "需核查"),
        ]
        told = [
            say(language, en=f"{len(n):,} {en}: {join_words(n)}", zh=f"{zh} {len(n):,} 个：{join_words(n, 'zh')}")
            for n, en, zh in parts
            if n
        ]
        return say(
            language,
            en=f"Of {self.fields:,} fields in {self.rows:,} rows, {'; '.join(told)}.",
            zh=f"在 {self.rows:,} 行中检查了 {self.fields:,} 个字段：{'；'.join(told)}。",
        )
