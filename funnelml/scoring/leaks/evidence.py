"""A piece of evidence against a field: what was measured, how much it weighs, and its words with figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from funnelml.language import Language, say

Weight = Literal["proof", "hint", "context"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One observation about a field.

    Parameters
    ----------
    kind : str
        What was observed: ``no_history``, ``assumed``, ``high_auc``, ``strongest``, ``decides``, ``empty_decides``,
        ``one_outcome``, ``filled_by_outcome``, ``filled_late``, ``filled_in_spells``, ``filled_since``,
        ``filled_together``, ``empty_when_open``, ``identifier``, ``name_of_the_end``, ``name_of_a_judgement``.
    weight : {"proof", "hint", "context"}
        A proof is enough to leave the field out, a hint to look at it; context counts only beside something else.
    en, zh : str
        Words with the same figures, without a full stop.
    """

    kind: str
    weight: Weight
    en: str
    zh: str

    def tell(self, language: Language = "en") -> str:
        """Return the words of that language."""
        return say(language, en=self.en, zh=self.zh)
