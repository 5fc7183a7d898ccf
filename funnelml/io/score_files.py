"""Scores as a file for a CRM: what would change against the last export, and then the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from funnelml.errors import InputError, SourceError, did_you_mean, first_few
from funnelml.io.safe_cells import neutralise
from funnelml.io.score_formats import FORMATS, rows_from_bytes, rows_to_bytes
from funnelml.io.score_rows import COLUMNS, DECIMALS, VERDICTS, check_rows, refuse_verdicts
from funnelml.io.whole_files import write_whole
from funnelml.language import Language, join_words, say
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES, VerdictName

_BEWARE: Final[Mapping[VerdictName, tuple[str, str]]] = MappingProxyType(
    {
        "provisional": ("use them with care until there is more to judge by", "在积累更多数据之前请谨慎使用"),
        "ranks only": ("use their order, for the probabilities do not hold", "只可参考排序，概率不可信"),
    }
)
"""What to beware of, in English and in Chinese, by the verdict."""


@dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """What an export would write, and how that differs from the last one.

    Parameters
    ----------
    rows : pandas.DataFrame
        All rows of the file: ``id, probability, low, high, grade, reasons_for, reasons_against, model_id, as_of,
        verdict``.
    previous : pathlib.Path or None
        The last export; None if there is none.
    changes : pandas.DataFrame
        ``id, change, column, old, new``: one row per changed cell, ``change`` being ``changed``; one row per record
        that is ``new`` or ``gone``, without a column.
    formula_ids : tuple of str
        Ids that begin like a formula: a CSV file has them with an apostrophe, and a CRM would not find them by that.
    """

    rows: pd.DataFrame
    previous: Path | None
    changes: pd.DataFrame
    formula_ids: tuple[str, ...]

    @property
    def new(self) -> int:
        """Records that the last export did not have."""
        return int((self.changes["change"] == "new").sum())

    @property
    def gone(self) -> int:
        """Records of the last export that are not scored any more."""
        return int((self.changes["change"] == "gone").sum())

    @property
    def changed(self) -> int:
        """Records of both whose row differs."""
        return int(self._cells()["id"].nunique())

    @property
    def unchanged(self) -> int:
        """Records of both whose row is the same."""
        return len(self.rows) - self.new - self.changed

    def _cells(self) -> pd.DataFrame:
        return self.changes[self.changes["change"] == "changed"]

    def by_column(self) -> pd.Series:
        """Return how many records have another value, by column, the most first."""
        return self._cells()["column"].value_counts(sort=False).sort_values(ascending=False, kind="stable")

    def biggest_moves(self, n: int = 5) -> pd.DataFrame:
        """Return the records whose chance changed the most: ``id, old, new, move``."""
        cells = self._cells()
        moves = cells.loc[cells["column"] == "probability", ["id", "old", "new"]].astype({"old": float, "new": float})
        moves["move"] = (moves["new"] - moves["old"]).round(DECIMALS)
        order = moves.assign(size=moves["move"].abs()).sort_values(["size", "id"], ascending=[False, True])
        return order.drop(columns="size").head(n).reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the changes: ``id, change, column, old, new``."""
        return self.changes

    def summary(self, language: Language = "en") -> str:
        """Return how many records are new, changed, unchanged and gone, what changed, and of what to beware."""
        told = [self._counts(language), self._columns(language), self._verdicts(language), self._ids(language)]
        return say(language, en=" ", zh="").join(part for part in told if part)

    def _counts(self, language: Language) -> str:
        total = f"{len(self.rows):,}"
        if self.previous is None:
            return say(language, en=f"{total} scores, none exported before.", zh=f"共 {total} 条评分，此前没有导出。")
        new, changed, same, gone = (f"{n:,}" for n in (self.new, self.changed, self.unchanged, self.gone))
        last = self.previous.name
        return say(
            language,
            en=f"{total} scores: {new} new, {changed} changed, {same} unchanged; {gone} of {last} are gone.",
            zh=f"共 {total} 条评分：新增 {new}，变化 {changed}，不变 {same}；{last} 中有 {gone} 条不再出现。",
        )

    def _columns(self, language: Language) -> str:
        counts = [f"{name} {n:,}" for name, n in self.by_column().items()]
        if not counts:
            return ""
        moves = [f"{m.id} {m.old:.{DECIMALS}f} -> {m.new:.{DECIMALS}f}" for m in self.biggest_moves(3).itertuples()]
        text = say(language, en=f"Changed: {join_words(counts)}.", zh=f"变化的列：{join_words(counts, 'zh')}。")
        if not moves:
            return text
        most = join_words(moves, language)
        return text + say(language, en=f" Biggest moves: {most}.", zh=f"变化最大：{most}。")

    def _verdicts(self, language: Language) -> str:
        found = self.rows["verdict"].map(VERDICTS)
        told = []
        for verdict, (en, zh) in _BEWARE.items():
            if n := int((found == verdict).sum()):
                name, named = VERDICT_NAMES[verdict]
                told.append(
                    say(
                        language,
                        en=f"The verdict on {n:,} of them is {name}: {en}.",
                        zh=f"其中 {n:,} 条的结论为“{named}”：{zh}。",
                    )
                )
        return say(language, en=" ", zh="").join(told)

    def _ids(self, language: Language) -> str:
        if not self.formula_ids:
            return ""
        n, ids = f"{len(self.formula_ids):,}", first_few(self.formula_ids)
        some = join_words(self.formula_ids[:3], "zh") + ("等" if len(self.formula_ids) > 3 else "")
        return say(
            language,
            en=f"{n} ids begin like a formula ({ids}): a CSV file has an apostrophe before them, and a CRM would "
            "not find them; write .xlsx or .parquet.",
            zh=f"{n} 个编号以公式符号开头（{some}）：CSV 文件会在前面加撇号，CRM 将无法匹配；请用 .xlsx 或 .parquet。",
        )


def plan_export(scores: pd.DataFrame, *, previous: Path | None) -> ExportPlan:
    """Return what an export would write and change; nothing is written.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per record: ``id, probability, low, high, grade, reasons_for, reasons_against, model_id, as_of,
        verdict``. Chances are compared as they are written, with four decimals.
    previous : pathlib.Path or None
        The last export (.csv, .xlsx or .parquet); a file that does not exist is none.

    Raises
    ------
    InputError
        If a score must not leave: a chance that is missing, infinite or not between 0 and 1, an id that is missing or
        stands twice, a text that cannot be written, a verdict of ``no usable signal`` or ``suspected leak``.
    SourceError
        If the last export cannot be read, or is another file.
    """
    rows = check_rows(scores)
    refuse_verdicts(rows)
    before = None if previous is None else _read_export(previous)
    return ExportPlan(
        rows=rows,
        previous=None if before is None else previous,
        changes=_compare(rows, rows.head(0) if before is None else before),
        formula_ids=tuple(text for text in rows["id"] if neutralise(text) != text),
    )


def write_scores(plan: ExportPlan, path: Path) -> bool:
    """Write an export, whole or not at all; return whether there was anything to write.

    Parameters
    ----------
    plan : ExportPlan
        What to write.
    path : pathlib.Path
        File to write (.csv, .xlsx or .parquet). If it is the last export and nothing changed, it is left as it is.

    Raises
    ------
    InputError
        If the format is unknown, or Excel cannot hold the rows.
    SourceError
        If the file cannot be written.
    """
    ending = check_ending(path)
    if plan.previous is not None and plan.previous.resolve() == path.resolve() and plan.changes.empty:
        return False
    content = rows_to_bytes(plan.rows, ending)
    try:
        write_whole(path, content)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be written: {error.strerror}; close it elsewhere or change its rights"
        ) from None
    return True


def export_scores(scores: pd.DataFrame, path: Path, *, write: bool = False) -> ExportPlan:
    """Compare scores with the file of the last export and, if told to, put them in its place.

    Parameters
    ----------
    scores : pandas.DataFrame
        As in :func:`plan_export`.
    path : pathlib.Path
        The file (.csv, .xlsx or .parquet); it need not exist.
    write : bool
        Whether to write; without it nothing is.

    Raises
    ------
    InputError, SourceError
        As :func:`plan_export` and :func:`write_scores`; nothing is written then.
    """
    check_ending(path)
    plan = plan_export(scores, previous=path)
    if write:
        write_scores(plan, path)
    return plan


def check_ending(path: Path) -> str:
    """Return the ending of a file for scores, in lower case.

    Raises
    ------
    InputError
        If there is no such format.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        hint = did_you_mean(ending, FORMATS)
        raise InputError(f"{path.name} is no file for scores{hint}; end its name in {', '.join(FORMATS)}")
    return ending


def _read_export(path: Path) -> pd.DataFrame | None:
    ending = check_ending(path)
    if not path.exists():
        return None
    try:
        return check_rows(rows_from_bytes(path.read_bytes(), ending))
    except Exception as error:  # the readers of three formats raise their own kinds
        told = " ".join(str(error).split())[:300] or type(error).__name__
        raise SourceError(
            f"{path.name} is no export of scores, or is damaged: {told}. Move it away to export every score as new"
        ) from None


def _compare(rows: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    now, then = rows.set_index("id"), before.set_index("id")
    both = now.index[now.index.isin(then.index)]
    parts = [_changes(now.index[~now.index.isin(then.index)], "new")]
    for column in COLUMNS[1:]:
        new, old = now.loc[both, column], then.loc[both, column]
        differs = new != old
        parts.append(_changes(both[differs], "changed", column, old[differs], new[differs]))
    parts.append(_changes(then.index[~then.index.isin(now.index)], "gone"))
    return pd.concat(parts, ignore_index=True)


def _changes(
    ids: pd.Index, change: str, column: str = "", old: pd.Series | None = None, new: pd.Series | None = None
) -> pd.DataFrame:
    cells = {"id": ids, "change": change, "column": column}
    none = [None] * len(ids)
    cells |= {name: none if values is None else list(values) for name, values in (("old", old), ("new", new))}
    return pd.DataFrame(cells, index=range(len(ids)), dtype=object)
