"""What the fields of a score are called on a picture or in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from funnelml.language import Language
from funnelml.scoring.reasons.activity_words import ACTIVITY_WORDS
from funnelml.scoring.reasons.circumstance_words import CIRCUMSTANCE_WORDS
from funnelml.scoring.reasons.field_words import FieldWords, other_words
from funnelml.scoring.reasons.record_words import RECORD_WORDS, amount_words

_WORDS: Final[Mapping[str, FieldWords]] = {
    "amount": amount_words(""),
    **RECORD_WORDS,
    **ACTIVITY_WORDS,
    **CIRCUMSTANCE_WORDS,
}


def name_field(field: str, language: Language = "en") -> str:
    """Return what a field is called; one of which nothing is known, by its own name.

    Examples
    --------
    >>> name_field("stage_age_days"), name_field("pushes", "zh"), name_field("field:budget")
    ('days in its stage', '预计成交日推迟次数', 'budget')
    """
    words = _WORDS.get(field) or other_words(field, number=True)
    return words.name[language == "zh"]
