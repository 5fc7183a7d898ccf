"""Scores as text for a terminal: what to read first, whom to call, then each answer with the head of its table."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from funnelml.language import Language, say, share
from funnelml.plots.scoring.tables import table_unused
from funnelml.runs.scoring.score import ScoreRun
from funnelml.runs.scoring.section_tables import table_section
from funnelml.runs.scoring.unanswered import ScoreSection
from funnelml.runs.text import table_text
from funnelml.scoring.grading import name_grade
from funnelml.scoring.outcome_words import say_outcome

MOST_RECORDS = 10
MOST_ROWS = 8
_TOLD_BEFORE = ("grades", "trend")


def show_score(run: ScoreRun, language: Language = "en") -> str:
    """Return the run: verdict and grades, the best records with their reasons, then a section for each question."""
    outcome = say_outcome(run.model.outcome, language)
    head = say(
        language,
        en=f"Funnel '{run.funnel}' as of {run.as_of}: the chance to be {outcome}",
        zh=f"漏斗“{run.funnel}”，截至 {run.as_of}：{outcome}的概率",
    )
    best = run.table(language).head(MOST_RECORDS)
    interval = [f"{share(low)} - {share(high)}" for low, high in zip(best["low"], best["high"], strict=True)]
    table = pd.DataFrame(
        {
            say(language, en="record", zh="记录"): best["record_id"],
            say(language, en="chance", zh="概率"): best["probability"].map(share),
            say(language, en="80 % interval", zh="80 % 区间"): interval,
            say(language, en="grade", zh="等级"): [name_grade(grade, language) for grade in best["grade"]],
            say(language, en="for", zh="有利"): best["reasons_for"],
            say(language, en="against", zh="不利"): best["reasons_against"],
        }
    )
    sections = [_show_section(section, language) for section in run.sections if section.name not in _TOLD_BEFORE]
    return "\n\n".join([head, run.summary(language), table_text(table), *sections, *_show_unused(run, language)])


def _show_section(section: ScoreSection, language: Language) -> str:
    """Return a title, a sentence and the head of a table."""
    parts = [f"## {say(language, en=section.title, zh=section.title_zh)}", section.summary(language)]
    if (table := table_section(section, language)) is not None:
        parts.append(table_text(table.frame.head(MOST_ROWS)))
        if (more := len(table.frame) - MOST_ROWS) > 0:
            parts.append(say(language, en=f"... and {more:,} more rows: --json", zh=f"…… 另有 {more:,} 行：--json"))
    return "\n".join(parts)


def _show_unused(run: ScoreRun, language: Language) -> Iterable[str]:
    if run.learned.set_aside:
        title = say(language, en="## Fields that are not used", zh="## 未使用的字段")
        yield f"{title}\n{table_text(table_unused(run.learned.set_aside, language=language).frame)}"
