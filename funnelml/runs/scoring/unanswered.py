"""Questions of a score that the data cannot answer, and why, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funnelml.errors import FunnelmlError, NotEnoughDataError
from funnelml.language import Language, say
from funnelml.runs.sections import Section
from funnelml.scoring.why_not import WhyNot


class UnansweredError(NotEnoughDataError):
    """A question that the data cannot answer; ``why`` says so in both languages.

    Parameters
    ----------
    why : WhyNot
        The reason; its English words are the message.
    """

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class ScoreSection(Section):
    """One answer of a score, or the reason why there is none, in the language of the reader.

    Parameters
    ----------
    why_not_zh : str
        Why there is no answer, in Chinese; empty if there is one.
    """

    why_not_zh: str

    def summary(self, language: Language = "en") -> str:
        """Return the answer in words, or why there is none."""
        if self.result is not None:
            return self.result.summary(language)
        return say(language, en=f"Nothing can be said: {self.why_not}", zh=f"无法给出结论：{self.why_not_zh}")


def answer_in_both(name: str, title: tuple[str, str], ask: Callable[[], Any]) -> ScoreSection:
    """Ask a question; where the data cannot answer it, the section says why in both languages."""
    result, why = None, WhyNot(en="", zh="")
    try:
        result = ask()
    except FunnelmlError as error:
        why = why_not(error)
    return ScoreSection(name=name, title=title[0], title_zh=title[1], result=result, why_not=why.en, why_not_zh=why.zh)


def why_not(error: FunnelmlError) -> WhyNot:
    """Return the reason of an error; one that speaks English only stands after a Chinese word on its kind."""
    if isinstance(error, UnansweredError):
        return error.why
    few = isinstance(error, NotEnoughDataError)
    kind = "数据不足" if few else "设置或数据无法使用"
    return WhyNot(en=str(error), zh=f"{kind}（{error}）")
