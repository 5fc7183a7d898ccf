"""The case of a field: what was measured of it, the evidence so far, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.names import find_end_word, find_judgement_word
from funnelml.scoring.leaks.report import Suspect, Verdict
from funnelml.scoring.leaks.single_fields import Strength

TELLING, FAINTLY = 0.6, 0.55
"""Lower bounds of an AUC from which on a field tells the outcome, and tells it faintly."""
_SUPPORTS = frozenset(
    {"decides", "empty_decides", "one_outcome", "filled_by_outcome", "filled_late", "filled_in_spells", "strongest"}
)
"""What must stand beside a name that speaks of a judgement."""
_ORDER = ("proof", "hint", "context")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One field before the court.

    Parameters
    ----------
    field : str
        Its name.
    of_export : bool
        Whether its values may have been written after the time that a row speaks of.
    strength : Strength
        AUC of the field alone.
    filled : float
        Share of rows with a value.
    log_odds : numpy.ndarray of float64
        Out-of-fold log odds of the rows on which fields are tried together.
    evidence : tuple of Evidence
        What was measured so far.
    """

    field: str
    of_export: bool
    strength: Strength
    filled: float
    log_odds: NDArray[np.float64]
    evidence: tuple[Evidence, ...]

    def with_evidence(self, found: Evidence) -> Case:
        """Return the case with one more piece of evidence."""
        return replace(self, evidence=(*self.evidence, found))

    def weighed(self) -> tuple[Evidence, ...]:
        """Return all evidence, what follows from several pieces and from the name included, the heaviest first."""
        kinds = {e.kind for e in self.evidence}
        both = {"filled_late", "filled_by_outcome"} <= kinds
        measured = [replace(e, weight="proof") if both and e.kind == "filled_late" else e for e in self.evidence]
        named = [e for e in (self._read_name(kinds),) if e is not None and self.of_export]
        return tuple(sorted([*measured, *named], key=lambda e: _ORDER.index(e.weight)))

    @property
    def verdict(self) -> Verdict | None:
        """``leave out`` with a proof, ``look at`` with a hint, None with neither."""
        weights = {e.weight for e in self.weighed()}
        return "leave out" if "proof" in weights else "look at" if "hint" in weights else None

    def as_suspect(self, keep: Sequence[str]) -> Suspect | None:
        """Return what the report says of the field, None if nothing speaks against it."""
        if self.verdict is None:
            return None
        return Suspect(
            field=self.field,
            verdict=self.verdict,
            kept=self.field in keep,
            evidence=self.weighed(),
            auc=self.strength.auc,
            auc_low=self.strength.low,
            filled=self.filled,
        )

    def _read_name(self, kinds: set[str]) -> Evidence | None:
        telling = self.strength.low >= TELLING
        auc = f"{self.strength.auc:.2f}"
        if word := find_end_word(self.field):
            return Evidence(
                kind="name_of_the_end",
                weight="proof" if telling else "hint" if self.strength.low >= FAINTLY else "context",
                en=f"its name speaks of the end or of a last state ('{word}'), and alone it has an AUC of {auc}",
                zh=f"名称指向结局或最后状态（“{word}”），单独的 AUC 为 {auc}",
            )
        if word := find_judgement_word(self.field):
            return Evidence(
                kind="name_of_a_judgement",
                weight="proof" if kinds & _SUPPORTS else "hint" if telling else "context",
                en=f"its name speaks of a judgement or of what is known only afterwards ('{word}'), and alone it has "
                f"an AUC of {auc}",
                zh=f"名称指向人工评判或事后才知的信息（“{word}”），单独的 AUC 为 {auc}",
            )
        return None
