"""Scores from a plain table as a file: the same columns and the same care as for a CRM, without a day or a model."""

from __future__ import annotations

from pathlib import Path

from funnelml.errors import InputError
from funnelml.io.score_files import check_ending, plan_export, write_scores
from funnelml.language import say
from funnelml.runs.scoring.table import UNFIT, TableRun
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES
from funnelml.scoring.grading import name_grade

_NO_MODEL_KEPT = "none"


def write_table_scores(run: TableRun, path: Path) -> str:
    """Write the scores of a table to a file, and return what was written.

    Parameters
    ----------
    run : TableRun
        The run.
    path : pathlib.Path
        A .csv, .xlsx or .parquet file; an earlier one of such scores is replaced, and the changes are told.

    Raises
    ------
    InputError
        If the scores are unfit, or the format is unknown.
    SourceError
        If the file is another one, or cannot be written.
    """
    language = run.leads.language
    check_ending(path)
    if run.verdict in UNFIT:
        raise InputError(f"{path} was not written. {run.learned.verdict.summary()}")
    rows = run.table().rename(columns={"record_id": "id"})
    plan = plan_export(
        rows.assign(
            grade=[name_grade(grade, language) for grade in rows["grade"]],
            model_id=_NO_MODEL_KEPT,
            as_of="",
            verdict=VERDICT_NAMES[run.learned.verdict.verdict][language == "zh"],
        ),
        previous=path,
    )
    written = write_scores(plan, path)
    told = [
        plan.summary(language),
        say(language, en=f"Written to {path}.", zh=f"已写入 {path}。")
        if written
        else say(language, en=f"{path} has all of it already.", zh=f"{path} 已包含全部内容。"),
    ]
    if not run.of_new_leads:
        told.append(
            say(
                language,
                en="These are the leads that the score was learned from: it knows their outcomes, and looks better on "
                "them than it is.",
                zh="这些线索正是训练评分所用：模型已知其结果，分数会显得比实际更准。",
            )
        )
    return say(language, en=" ", zh="").join(told)
