"""Answers of a run, each with a title, a sentence and a table, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd

from funnelml.errors import FunnelmlError
from funnelml.language import Language, say


class Result(Protocol):
    """What every diagnostic returns."""

    def to_frame(self) -> pd.DataFrame:
        """Return its main table."""

    def summary(self, language: Language = "en") -> str:
        """Return it in words."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One answer, or the reason why there is none.

    Parameters
    ----------
    name, title, title_zh : str
        Name for a program, and titles for a person.
    result : Result or None
        The answer.
    why_not : str
        Why there is none; empty if there is one.
    """

    name: str
    title: str
    title_zh: str
    result: Result | None
    why_not: str

    def summary(self, language: Language = "en") -> str:
        """Return the answer in words, or why there is none."""
        if self.result is not None:
            return self.result.summary(language)
        return say(language, en=f"Nothing can be said: {self.why_not}", zh=f"无法给出结论：{self.why_not}")

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return title, summary and rows, as JSON can hold them."""
        return {
            "title": say(language, en=self.title, zh=self.title_zh),
            "summary": self.summary(language),
            "rows": [] if self.result is None else plain_rows(self.result.to_frame()),
        }


def answer(name: str, title: tuple[str, str], ask: Callable[[], Any]) -> Section:
    """Ask a question; where the data cannot answer it, the section says why."""
    result, why_not = None, ""
    try:
        result = ask()
    except FunnelmlError as error:
        why_not = str(error)
    return Section(name=name, title=title[0], title_zh=title[1], result=result, why_not=why_not)


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON can hold them: dates as text, missing values as null."""
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
