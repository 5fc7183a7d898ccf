"""Scores as text for a terminal: what to read first, whom to call, then each answer with the head of its table."""

from __future__ import annotations

import pandas as pd

from funnelml.language import Language, join_words, say, share
from funnelml.runs.diagnosis_text import show_section
from funnelml.runs.scoring.score import ScoreRun
from funnelml.runs.text import table_text
from funnelml.scoring.grading import name_grade

MOST_RECORDS = 10
_TOLD_BEFORE = ("grades", "trend")


def show_score(run: ScoreRun, language: Language = "en") -> str:
    """Return the run: verdict and grades, the best records with their reasons, then a section for each question."""
    head = say(
        language,
        en=f"Funnel '{run.funnel}' as of {run.as_of}: the chance to be {run.model.outcome}",
        zh=f"漏斗“{run.funnel}”，截至 {run.as_of}：{run.horizon_days} 天内转化的概率",
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
    aside = run.learned.set_aside
    unused = say(
        language,
        en=f"Not used, since these rows cannot tell it from drift: {join_words(list(aside))}.",
        zh=f"以下特征与漂移无法区分，未使用：{join_words(list(aside), 'zh')}。",
    )
    sections = [show_section(section, language) for section in run.sections if section.name not in _TOLD_BEFORE]
    return "\n\n".join(
        [
            head,
            run.summary(language),
            table_text(table),
            *sections,
            *([unused] if aside else []),
        ]
    )
