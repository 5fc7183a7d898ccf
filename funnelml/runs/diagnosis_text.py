"""A diagnosis as text for a terminal: what to read first, then each answer with the head of its table."""

from __future__ import annotations

from funnelml.language import Language, say
from funnelml.runs.diagnose import Diagnosis
from funnelml.runs.sections import Section
from funnelml.runs.text import table_text

MOST_ROWS = 8
MOST_COLUMNS = 9


def show_diagnosis(diagnosis: Diagnosis, language: Language = "en") -> str:
    """Return the diagnosis: one paragraph to read first, then a title, a sentence and a table for each question."""
    head = say(
        language,
        en=f"Funnel '{diagnosis.funnel}' as of {diagnosis.as_of}",
        zh=f"漏斗“{diagnosis.funnel}”，截至 {diagnosis.as_of}",
    )
    told = [show_section(section, language) for section in diagnosis.sections]
    return "\n\n".join([head, diagnosis.summary(language), *told])


def show_section(section: Section, language: Language) -> str:
    """Return a title, a sentence and the head of a table."""
    title = say(language, en=section.title, zh=section.title_zh)
    parts = [f"## {title}", section.summary(language)]
    if section.result is not None and len(table := section.result.to_frame()):
        instants = [c for c in table if str(c).endswith("_at")]
        shown = table.drop(columns=instants).iloc[:MOST_ROWS, :MOST_COLUMNS]
        parts.append(table_text(shown, digits=True))
        if len(table) > MOST_ROWS:
            more = len(table) - MOST_ROWS
            parts.append(say(language, en=f"... and {more:,} more rows: --json", zh=f"…… 另有 {more:,} 行：--json"))
    return "\n".join(parts)
