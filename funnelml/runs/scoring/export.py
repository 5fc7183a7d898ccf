"""One day's scores of the ledger as a file for a CRM: what it would change, and then the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from funnelml.errors import InputError
from funnelml.io.score_files import ExportPlan, plan_export, write_scores
from funnelml.io.score_rows import VERDICTS
from funnelml.language import Language, say
from funnelml.runs.scoring.cells import as_cell
from funnelml.runs.scoring.ledger import DEFAULT_NAME, read_ledger
from funnelml.runs.sections import plain_rows
from funnelml.runs.text import table_text
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES
from funnelml.scoring.grading import name_grade

EXPORTS = Path("data/processed")
"""Where exports are written in a workspace."""
MOST_ROWS = 10
_STEMS = {DEFAULT_NAME: "lead_scores"}
_SAME_FOR_ALL = ("model_id", "as_of")


@dataclass(frozen=True, kw_only=True)
class ScoreExport:
    """One day's scores, as they are or would be in a file.

    Parameters
    ----------
    name : str
        What the scores are called.
    as_of : datetime.date
        Last day of what was known to them.
    path : pathlib.Path
        The file.
    plan : ExportPlan
        Its rows, and how they differ from what it held before.
    sent : bool
        Whether it was asked to be written, not only planned.
    written : bool
        Whether the file was written; not if it had the same rows already.
    """

    name: str
    as_of: date
    path: Path
    plan: ExportPlan
    sent: bool
    written: bool

    def to_frame(self) -> pd.DataFrame:
        """Return the changes: ``id, change, column, old, new``."""
        return self.plan.to_frame()

    def summary(self, language: Language = "en") -> str:
        """Return what is exported, what that changes, and whether it was written."""
        head = say(language, en=f"{self.name} of {self.as_of}: ", zh=f"{self.name}，截至 {self.as_of}：")
        return head + say(language, en=" ", zh="").join((self.plan.summary(language), self._end(language)))

    def _end(self, language: Language) -> str:
        if self.written:
            return say(language, en=f"Written to {self.path}.", zh=f"已写入 {self.path}。")
        if self.plan.previous is not None and self.plan.changes.empty:
            return say(language, en=f"{self.path} has all of it already.", zh=f"{self.path} 已包含全部内容。")
        return say(
            language,
            en=f"Nothing was written; to write {self.path}, add --send.",
            zh=f"尚未写入任何内容；如需写入 {self.path}，请加上 --send。",
        )

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return the object that ``funnelml export --json`` prints."""
        plan = self.plan
        return {
            "schema_version": 1,
            "score": self.name,
            "as_of": self.as_of.isoformat(),
            "file": str(self.path),
            "sent": self.sent,
            "written": self.written,
            "scores": len(plan.rows),
            "new": plan.new,
            "changed": plan.changed,
            "unchanged": plan.unchanged,
            "gone": plan.gone,
            "verdicts": {str(name): int(n) for name, n in plan.rows["verdict"].map(VERDICTS).value_counts().items()},
            "formula_ids": list(plan.formula_ids),
            "changes": plain_rows(plan.changes),
            "summary": self.summary(language),
        }


def export_ledger(
    root: Path,
    *,
    ending: str,
    name: str = DEFAULT_NAME,
    as_of: date | None = None,
    out: Path | None = None,
    send: bool = False,
    language: Language = "en",
) -> ScoreExport:
    """Compare one day's scores with the file of the last export and, if told to, put them in its place.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    ending : {".csv", ".xlsx", ".parquet"}
        Format.
    name : str
        What the scores are called.
    as_of : datetime.date, optional
        Their day; the latest by default.
    out : pathlib.Path, optional
        The file; ``data/processed/<name>`` in the workspace by default, ``lead_scores`` for the default name.
    send : bool
        Whether to write; without it nothing is.
    language : {"en", "zh"}
        Of grades and verdicts; reasons are as they were told.

    Raises
    ------
    InputError
        If the file ends otherwise, or a score must not leave: by its verdict, or as
        :func:`funnelml.io.score_files.plan_export` says.
    SourceError, AsOfError
        If there are no such scores, the last export is damaged, or the file cannot be written.
    """
    scores = read_ledger(root, name, as_of)
    path = root / EXPORTS / f"{_STEMS.get(name, name)}{ending}" if out is None else out
    if path.suffix.lower() != ending:
        raise InputError(f"{path.name} does not end in {ending}; end its name in {ending}, or choose another format")
    day: date = scores["as_of"].iloc[0]
    told = scores.rename(columns={"record_id": "id"}).assign(
        grade=[name_grade(grade, language) for grade in scores["grade"]],
        verdict=[VERDICT_NAMES[verdict][language == "zh"] for verdict in scores["verdict"]],
    )
    plan = plan_export(told, previous=path)
    return ScoreExport(
        name=name, as_of=day, path=path, plan=plan, sent=send, written=write_scores(plan, path) if send else False
    )


def show_export(export: ScoreExport, language: Language = "en") -> str:
    """Return an export as text for a terminal: a paragraph, then the cells that differ."""
    changes = export.to_frame()
    # The model and the day differ in every row; the paragraph says so.
    seen = changes[(changes["change"] != "new") & ~changes["column"].isin(_SAME_FOR_ALL)]
    parts = [export.summary(language)]
    if len(seen):
        shown = seen.head(MOST_ROWS).map(as_cell)
        if language == "zh":
            words = {"changed": "变化", "gone": "不再出现"}
            shown = shown.assign(change=shown["change"].map(words)).rename(columns=_HEADS_ZH)
        parts.append(table_text(shown))
        if (more := len(seen) - MOST_ROWS) > 0:
            parts.append(say(language, en=f"... and {more:,} more: --json", zh=f"…… 另有 {more:,} 处：--json"))
    return "\n\n".join(parts)


_HEADS_ZH = {"id": "编号", "change": "变化类型", "column": "列", "old": "原值", "new": "新值"}
