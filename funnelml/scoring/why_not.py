"""Why something is not used or cannot be said, in English and in Chinese."""

from __future__ import annotations

from dataclasses import dataclass

from funnelml.language import Language, say


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """A reason, with the same figures in both languages.

    Parameters
    ----------
    en, zh : str
        The words, without a full stop.

    Examples
    --------
    >>> WhyNot(en="no model was in use before", zh="此前没有启用的模型").tell("zh")
    '此前没有启用的模型'
    """

    en: str
    zh: str

    def tell(self, language: Language = "en") -> str:
        """Return the words of that language."""
        return say(language, en=self.en, zh=self.zh)
