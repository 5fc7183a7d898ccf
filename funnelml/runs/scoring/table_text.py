"""Scores from a plain table as text for a terminal: verdict, leaks, how good the score is, grades, the best leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say, share
from funnelml.plots.scoring.tables import table_metrics
from funnelml.runs.scoring.score import TITLES
from funnelml.runs.scoring.table import UNFIT, TableRun
from funnelml.runs.text import table_text
from funnelml.scoring.grading import name_grade
from funnelml.scoring.leaks.report import VERDICTS

MOST_LEADS = 10
MOST_FIELDS = 12
_RANKS_ONLY = "ranks only"
_CHINESE: Final[Mapping[str, str]] = {
    "empty": "为空",
    "the same value in all rows": "所有行取值相同",
    "dates": "日期",
    "free text": "自由文本",
    "an id: another whole number in every row": "编号：每行都是不同的整数",
    "an id or a name: another text in nearly every row": "编号或名称：几乎每行文本都不同",
    "without a heading": "没有列名",
    "cells do not fit the headings": "列数与表头不符",
    "the same row again": "重复行",
    "repeated": "重复行（无标签）",
    "without a label, though another row of the lead has one": "无标签，但同一线索的另一行有标签",
}
"""Reasons why rows and columns are not used, in Chinese."""


def show_table_run(run: TableRun, language: Language | None = None) -> str:
    """Return the run: the verdict first, then what leaks, how good the score is, the grades, and the best leads."""
    told = language or run.leads.language
    outcome, file = run.leads.labelled.outcome, run.leads.file
    head = say(told, en=f"{file}: the chance of '{outcome}'", zh=f"{file}：“{outcome}”的概率")
    parts = [head, run.summary(told), _tell_rows(run, told), _tell_leaks(run, told), _tell_evaluation(run, told)]
    if run.verdict not in UNFIT:
        parts += [_tell_grades(run, told), _tell_best(run, told)]
    return "\n\n".join(parts)


def _tell_rows(run: TableRun, language: Language) -> str:
    leads = run.leads
    known, rate = len(leads.labelled), share(leads.labelled.positives / len(leads.labelled), 1)
    asking = 0 if leads.unlabelled is None else len(leads.unlabelled)
    outcome = leads.labelled.outcome
    told = [
        say(
            language,
            en=f"{leads.rows:,} rows read ({leads.read_as}): {known:,} with a label, {rate} of them '{outcome}', and "
            f"{asking:,} to be scored.",
            zh=f"读取 {leads.rows:,} 行（{leads.read_as}）：{known:,} 行有标签，其中 {rate} 为“{outcome}”；"
            f"{asking:,} 行待评分。",
        )
    ]
    if leads.left_out:
        each = [_bracket(f"{n:,}", _why(reason, language), language) for reason, n in leads.left_out.items()]
        rows = join_words(each, language)
        told.append(say(language, en=f"Rows left out: {rows}.", zh=f"未使用的行：{rows}。"))
    if leads.set_aside:
        by_reason: dict[str, list[str]] = {}
        for name, reason in leads.set_aside.items():
            by_reason.setdefault(_why(reason, language), []).append(name)
        each = [_bracket(join_words(names, language), reason, language) for reason, names in by_reason.items()]
        columns = say(language, en="; ", zh="；").join(each)
        told.append(say(language, en=f"Columns not used: {columns}.", zh=f"未使用的列：{columns}。"))
    if leads.numbered:
        told.append(say(language, en="Leads are named by their row in the file.", zh="线索以其在文件中的行号命名。"))
    return say(language, en=" ", zh="").join(told)


def _bracket(text: str, inside: str, language: Language) -> str:
    return say(language, en=f"{text} ({inside})", zh=f"{text}（{inside}）")


def _why(reason: str, language: Language) -> str:
    return say(language, en=reason, zh=_CHINESE.get(reason, reason))


def _tell_leaks(run: TableRun, language: Language) -> str:
    leaks = run.learned.leaks
    colon = say(language, en=": ", zh="：")
    kept = say(language, en="kept", zh="按要求保留")
    parts = [_heading("leaks", language), leaks.summary(language)]
    for suspect in leaks.suspects[:MOST_FIELDS]:
        verdict = kept if suspect.kept else VERDICTS[suspect.verdict][language == "zh"]
        parts.append(f"- {_bracket(suspect.field, verdict, language)}{colon}{suspect.tell(language)}")
    if (more := len(leaks.suspects) - MOST_FIELDS) > 0:
        parts.append(say(language, en=f"... and {more:,} more: --json", zh=f"…… 另有 {more:,} 个：--json"))
    return "\n".join(parts)


def _tell_evaluation(run: TableRun, language: Language) -> str:
    judged = run.learned.evaluation.main
    learned = say(
        language,
        en=f"Learned from {judged.train_rows:,} rows and judged on {judged.scores.rows:,} others, drawn at random.",
        zh=f"用 {judged.train_rows:,} 行训练，在随机抽取的其余 {judged.scores.rows:,} 行上检验。",
    )
    undated = say(
        language,
        en="A table without dates cannot show drift: on newer leads the score may do worse than these figures say.",
        zh="没有日期的表无法看出漂移：对更新的线索，评分可能不如这些数字所示。",
    )
    sentences = say(language, en=" ", zh="").join([learned, judged.scores.summary(language), undated])
    figures = table_metrics(run.learned.evaluation, language=language)
    return "\n".join([_heading("evaluation", language), sentences, table_text(figures.frame)])


def _tell_grades(run: TableRun, language: Language) -> str:
    table = run.grades.by_grade
    tested = table["past_records"].fillna(0)
    promised = table["past_expected"] / tested.replace(0, np.nan)
    columns = {
        ("grade", "等级"): [name_grade(grade, language) for grade in table["grade"]],
        ("from a chance of", "概率不低于"): [*map(share, run.grades.borders), "-"],
    }
    if run.of_new_leads:
        columns["leads", "线索"] = [f"{n:,}" for n in table["records"]]
        columns["expected to convert", "预计转化"] = [f"{n:,.1f}" for n in table["expected"]]
    columns["tested rows", "检验行数"] = [f"{n:,.0f}" for n in tested]
    columns["promised", "预测概率"] = [*map(share, promised)]
    columns["converted", "实际转化率"] = [*map(share, table["past_rate"])]
    frame = pd.DataFrame({names[language == "zh"]: cells for names, cells in columns.items()})
    rule = run.grades.rules.describe(language, base_rate=run.learned.model.base_rate)
    base = share(run.learned.model.base_rate)
    words = say(
        language,
        en=f"{rule}; the base rate of the tested rows is {base}. The last three columns are of these rows.",
        zh=f"{rule}；检验行的基准转化率为 {base}。最后三列为检验行的结果。",
    )
    return "\n".join([_heading("grades", language), words, table_text(frame)])


def _tell_best(run: TableRun, language: Language) -> str:
    title = say(language, en="## Whom to call first", zh="## 优先联系")
    parts = [title]
    if not run.of_new_leads:
        parts = [
            say(language, en="## What a scored lead looks like", zh="## 评分示例"),
            say(
                language,
                en="The best of the rows that the score was learned from: it knows their outcomes, so they look better "
                "than new leads will.",
                zh="以下为训练数据中得分最高的行：模型已知其结果，因此会显得比新线索更好。",
            ),
        ]
    best = run.table(language).head(MOST_LEADS)
    chances = [
        _bracket(share(p), f"{share(low)} - {share(high)}", language)
        for p, low, high in zip(best["probability"], best["low"], best["high"], strict=True)
    ]
    colon, comma = say(language, en=": ", zh="："), say(language, en=", ", zh="，")
    for rank, (chance, lead) in enumerate(zip(chances, best.astype(str).to_dict("records"), strict=True), start=1):
        told = [name_grade(lead["grade"], language), *([] if run.verdict == _RANKS_ONLY else [chance])]
        parts.append(f"{rank}. {lead['record_id']}{colon}{comma.join(told)}")
        for column, words in (("reasons_for", ("for: ", "有利：")), ("reasons_against", ("against: ", "不利："))):
            if lead[column]:
                parts.append(f"   {words[language == 'zh']}{lead[column]}")
    return "\n".join(parts)


def _heading(name: str, language: Language) -> str:
    return f"## {TITLES[name][language == 'zh']}"
