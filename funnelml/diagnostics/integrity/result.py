"""The result of an integrity check: totals, owners, and what it says in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from funnelml.diagnostics.integrity.words import tell_integrity
from funnelml.language import Language


@dataclass(frozen=True, kw_only=True)
class IntegrityRules:
    """From where on something is a finding.

    Parameters
    ----------
    fewest_in_bulk : int
        Records that moved at once, at least.
    bulk_chance : float
        Chance of one false bulk move in the whole log.
    within_minutes : float
        Two moves of a record within so many minutes.
    late_days : float
        A move recorded more days after the fact.
    stale_days : float
        An open record untouched for more days.
    long_share : float
        An open record longer in its stage than this share of the stays that ended.
    most_pushes : int
        Expected close date pushed so often or more.
    quarter_end_days : int
        Days that are the end of a quarter.
    owner_error : float
        Chance that any owner at all is called out wrongly.
    """

    fewest_in_bulk: int = 8
    bulk_chance: float = 0.001
    within_minutes: float = 10
    late_days: float = 7
    stale_days: float = 30
    long_share: float = 0.9
    most_pushes: int = 3
    quarter_end_days: int = 10
    owner_error: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """What the log of one funnel betrays, as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Name of the funnel.
    rules : IntegrityRules
        From where on something is a finding.
    records, moves : int
        Records, and their moves (first entries are none).
    totals : pandas.DataFrame
        One row per finding: ``finding`` (of an entry criterion
        ``entry:stage:what``), ``count, of`` (records; open
        ones for ``stale, overstayed, past_close_date``), ``share, low, high`` (Wilson), ``times`` (moves), ``first_ids,
        first_at, last_at`` (microseconds, NaN if none). ``of`` is 0 where it cannot be judged.
    owners : pandas.DataFrame
        As ``compare_owners`` returns it; a move counts for who owned the record then, an open record for today's owner.
    flagged : pandas.DataFrame
        ``finding, record_id, owner, at``, one row per finding and record (its first time).
    bulk_moves : pandas.DataFrame
        As ``find_bulk_moves`` returns them, with ``at_quarter_end``.
    quarter_ends : pandas.DataFrame
        As ``compare_quarter_ends`` returns it.
    pushes : pandas.DataFrame
        As ``count_pushes`` returns it.
    daily : pandas.DataFrame
        ``day`` (a naive midnight), ``moves``, and how many of them ``in_bulk``, for every day of the log.
    names : mapping of str to (str, str)
        What each finding says, in English and Chinese.
    not_judged : mapping of str to (str, str)
        Why a finding cannot be judged, in English and Chinese.
    """

    as_of: date
    funnel: str
    rules: IntegrityRules
    records: int
    moves: int
    totals: pd.DataFrame
    owners: pd.DataFrame
    flagged: pd.DataFrame
    bulk_moves: pd.DataFrame
    quarter_ends: pd.DataFrame
    pushes: pd.DataFrame
    daily: pd.DataFrame
    names: Mapping[str, tuple[str, str]]
    not_judged: Mapping[str, tuple[str, str]]

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per finding: ``totals`` with ``name, stands_out`` (owners) and ``note`` (why not judged)."""
        out = self.owners[self.owners["stands_out"]]
        who = out.groupby("finding")["owner"].agg(", ".join) if len(out) else pd.Series(dtype=object)
        finding = self.totals["finding"]
        return self.totals.assign(
            name=[self.name(f, language) for f in finding],
            stands_out=finding.map(who).astype(object).fillna(""),
            note=[self.why_not(f, language) for f in finding],
        )

    def name(self, finding: str, language: Language = "en") -> str:
        """Return what a finding is called for a person."""
        return self.names[finding][language == "zh"]

    def why_not(self, finding: str, language: Language = "en") -> str:
        """Return why a finding cannot be judged, or an empty text if it can."""
        return self.not_judged.get(finding, ("", ""))[language == "zh"]

    def summary(self, language: Language = "en") -> str:
        """Return what stands out, in a few sentences."""
        return tell_integrity(self, language)
