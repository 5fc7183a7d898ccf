"""Verdicts as text for a terminal: what to read first, the worst cases, how right verdicts were, and what is thin."""

from __future__ import annotations

from funnelml.language import Language, say
from funnelml.runs.stall.stall import StallRun
from funnelml.runs.stall.tables import (
    rank_worst,
    table_calibration,
    table_counts,
    table_limits,
    table_precision,
    table_tried,
    table_worst,
)
from funnelml.runs.text import table_text
from funnelml.survival.stall.verdict_rules import VERDICTS

MOST_RECORDS = 10
MOST_EXPLAINED = 3


def show_stall(run: StallRun, language: Language = "en") -> str:
    """Return the run: verdicts, the worst cases with reasons, accuracy on past dates, and where little is known."""
    told = run.verdicts
    head = say(
        language,
        en=f"Funnel '{run.funnel}' as of {run.as_of}: which records are stuck",
        zh=f"漏斗“{run.funnel}”，截至 {run.as_of}：哪些记录停滞",
    )
    first = [head, told.summary(language), run.describe_data_age(language)]
    parts = [*filter(None, first), table_text(table_counts(told, language).frame), _show_worst(run, language)]
    title = say(language, en="## How right verdicts were on past dates", zh="## 过往时点的判定有多准")
    accuracy = [title, run.accuracy.summary(language)]
    if (found := run.evaluation) is not None:
        by_verdict = found.calibration["group"].isin(("all", "observed", *VERDICTS))
        shown = table_calibration(found, language).frame[by_verdict.to_numpy()]
        accuracy += [table_text(table_precision(found, language).frame), table_text(shown)]
    parts.append("\n".join(accuracy))
    limits = say(language, en="## Where little is known", zh="## 哪些地方所知甚少")
    parts.append(f"{limits}\n{table_text(table_limits(told, run.open_rows.stages, language).frame)}")
    title = say(language, en="## The model", zh="## 模型")
    model = [title, run.describe_model(language)]
    if run.choice is not None and len(run.choice.tried):
        model.append(table_text(table_tried(run.choice, language).frame))
    rules = say(language, en="## The rules", zh="## 判定规则")
    return "\n\n".join([*parts, "\n".join(model), f"{rules}\n{told.rules(language)}"])


def _show_worst(run: StallRun, language: Language) -> str:
    worst = rank_worst(run.verdicts.table)
    title = say(language, en="## What to do", zh="## 该做什么")
    if worst.empty:
        return f"{title}\n" + say(language, en="There is nothing to do.", zh="无需处理。")
    lines = [title, table_text(table_worst(run.verdicts, most=MOST_RECORDS, language=language).frame)]
    if (more := len(worst) - MOST_RECORDS) > 0:
        lines.append(say(language, en=f"... and {more:,} more: --json", zh=f"…… 另有 {more:,} 条：--json"))
    reasons = [run.verdicts.explain(str(name), language) for name in worst["record_id"].head(MOST_EXPLAINED)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(reasons)
