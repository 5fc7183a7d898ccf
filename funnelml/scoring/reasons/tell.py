"""Phrases for many values at once: each distinct one is put into words once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import Language
from funnelml.scoring.models.columns import NumberColumn, as_texts, is_number
from funnelml.scoring.reasons.activity_words import ACTIVITY_WORDS
from funnelml.scoring.reasons.circumstance_words import CIRCUMSTANCE_WORDS
from funnelml.scoring.reasons.expected import EXPECTED
from funnelml.scoring.reasons.field_words import FieldWords, Value, other_words, write_text
from funnelml.scoring.reasons.record_words import RECORD_WORDS, amount_words
from funnelml.scoring.reasons.topics import topic_of

_WORDS: Mapping[str, FieldWords] = {
    "amount": amount_words(""),
    **RECORD_WORDS,
    **ACTIVITY_WORDS,
    **CIRCUMSTANCE_WORDS,
}


class FieldTeller:
    """What is said of the fields of a table.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, k)
        The fields. One that is named as a field of a CRM's record is taken for it only if its kind, number or text,
        is the same: a column ``month`` of texts is any column.
    currency : str
        Currency of the amount.
    """

    def __init__(self, features: pd.DataFrame, currency: str = "") -> None:
        self._features = features
        self.fields = tuple(str(name) for name in features.columns)
        self._place = {name: j for j, name in reversed(list(enumerate(self.fields)))}
        self._numbers = [is_number(features.iloc[:, j]) for j in range(len(self.fields))]
        self._words = [
            _find_words(name, number, currency) for name, number in zip(self.fields, self._numbers, strict=True)
        ]
        self.topics = tuple(
            topic_of(name) if words is not None else name for name, words in zip(self.fields, self._words, strict=True)
        )

    def name(self, field: int, language: Language = "en") -> str:
        """Return what the field at a position is called."""
        return self._of(field).name[language == "zh"]

    def expect(self) -> NDArray[np.int8]:
        """Return 1 where a value can only speak for a record, -1 where only against it, 0 elsewhere, shape (n, k)."""
        expected = np.zeros(self._features.shape, dtype=np.int8)
        for j, name in enumerate(self.fields):
            if self._words[j] is not None and name in EXPECTED:
                expected[:, j] = EXPECTED[name](NumberColumn(name="").encode(self._features.iloc[:, j]))
        return expected

    def tell(self, field: int, rows: NDArray[np.intp], language: Language = "en") -> NDArray[np.object_]:
        """Return the phrase for the value of one field in each of some rows.

        Parameters
        ----------
        field : int
            Its position.
        rows : numpy.ndarray of intp, shape (m,)
            Positions of the rows.
        language : {"en", "zh"}
            Language of the phrases.
        """
        words = self._of(field)
        read = [self._read(field, rows), *(self._read(self._place.get(name), rows) for name in words.beside)]
        number = np.zeros(len(rows), dtype=np.int64)
        for codes, values in read:
            number = number * len(values) + codes
        found, first, which = np.unique(number, return_index=True, return_inverse=True)
        told = np.empty(len(found), dtype=object)
        for place, row in enumerate(first):
            told[place] = words.tell(*(values[codes[row]] for codes, values in read))[language == "zh"]
        return told[which]

    def _of(self, field: int) -> FieldWords:
        return self._words[field] or other_words(self.fields[field], number=self._numbers[field])

    def _read(self, field: int | None, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[Value]]:
        """Return for each row the position of its value among the distinct ones, as they are told."""
        if field is None:
            return np.zeros(len(rows), dtype=np.intp), [None]
        column = self._features.iloc[rows, field]
        if not self._numbers[field]:
            codes, texts = pd.factorize(as_texts(column).to_numpy(), use_na_sentinel=True)
            return np.where(codes < 0, len(texts), codes), [*map(write_text, texts), None]
        values = NumberColumn(name="").encode(column)
        rounding = self._of(field).rounding
        assert rounding is not None
        codes, numbers = pd.factorize(rounding(values), use_na_sentinel=True)
        return np.where(codes < 0, len(numbers), codes), [*numbers.tolist(), None]


def _find_words(field: str, number: bool, currency: str) -> FieldWords | None:
    words = amount_words(currency) if field == "amount" else _WORDS.get(field)
    return words if words is not None and (words.rounding is not None) == number else None
