"""The leads of a plain table: those whose outcome is known, and those that are to be scored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import MappingError, ModelInputError, SourceError, did_you_mean, first_few
from funnelml.io.raw import RawTable
from funnelml.io.read import read_table
from funnelml.language import Language
from funnelml.runs.scoring.decimal_commas import read_decimal_commas
from funnelml.scoring.plain_columns import is_plain_number, read_texts
from funnelml.scoring.plain_labels import read_label
from funnelml.scoring.plain_rows import MISSING, PlainRows, plain_rows, plain_rows_to_score

NO_HEADING = "?"
"""What a column without a heading is called; it is not used."""
_ROW = "\0row"
_ABSENT = frozenset(text.casefold() for text in MISSING)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LABELS = re.compile(
    r"convert|won|\bwin\b|lost|churn|outcome|result|success|label|target|^y$|成交|转化|赢|输|签约|结果|成功|流失|标签",
    re.IGNORECASE,
)
"""Names that a label may have."""


@dataclass(frozen=True, kw_only=True)
class TableLeads:
    """The leads of a plain table.

    Parameters
    ----------
    file : str
        Name of the file.
    read_as : str
        How it was read: encoding and delimiter, sheet, or format.
    label : str
        Column of the outcome.
    rows : int
        Rows of the file.
    labelled : PlainRows
        Rows with a label.
    unlabelled : PlainRows or None
        Rows without one, which are to be scored; None if there are none.
    left_out : mapping of str to int
        Rows that are neither, by reason.
    set_aside : mapping of str to str
        Columns that are no features, with the reason.
    numbered : bool
        Whether leads are named by their row in the file, since there is no column of ids.
    language : {"en", "zh"}
        Language of the headings.
    """

    file: str
    read_as: str
    label: str
    rows: int
    labelled: PlainRows
    unlabelled: PlainRows | None
    left_out: Mapping[str, int]
    set_aside: Mapping[str, str]
    numbered: bool
    language: Language


def read_leads(
    path: Path,
    *,
    label: str | None,
    positive: str | None = None,
    record_id: str | None = None,
    keep: Sequence[str] = (),
    language: Language | None = None,
) -> TableLeads:
    """Read the leads of a plain table, one row a lead.

    Parameters
    ----------
    path : pathlib.Path
        CSV, Excel or Parquet.
    label : str or None
        Column of the outcome; the error for None names the columns that may be it.
    positive : str, optional
        Value of the label that counts.
    record_id : str, optional
        Column of the lead's id; leads are named by their row in the file if there is none.
    keep : sequence of str
        Columns to be taken as features although they look like none.
    language : {"en", "zh"}, optional
        Chinese if most headings are, by default.

    Raises
    ------
    SourceError
        If the file cannot be read.
    MappingError
        If a column is not there, or not named.
    ModelInputError
        If labels or ids cannot be used.
    """
    raw = read_table(path)
    table, left_out = _tidy(raw, path)
    if label is None:
        raise MappingError(
            f"say with --label which column of {path.name} holds the outcome{_likely_labels(table, but=record_id)}"
        )
    if label == record_id:
        raise MappingError(f"'{label}' is named as the label and as the id of a lead; name two columns")
    for name in (label, record_id, *keep):
        if name is not None and name not in table:
            hint = did_you_mean(name, map(str, table))
            raise MappingError(f"{path.name} has no column '{name}'{hint}; it has {first_few(table, 8)}")
    table[label] = table[label].map(_whole)
    own = _ROW if record_id is None else record_id
    if record_id is None:
        table[_ROW] = table.index.astype(str)
    elif len(nameless := table.index[table[own].isna()]):
        raise ModelInputError(
            f"column '{own}' has no id in {len(nameless):,} rows (row {first_few(nameless)}); fill them in, or leave "
            "out --record-id"
        )
    table = read_decimal_commas(table.reset_index(drop=True), but={label, own}, missing=_ABSENT)
    positive = None if positive is None else _whole(positive)
    labelled = plain_rows(table, label=label, record_id=own, positive=positive, keep=keep)
    unlabelled = None
    blank = np.isnan(read_label(table[label], name=label, positive=positive, missing=_ABSENT).values)
    if blank.any():
        asking = plain_rows_to_score(table[blank].reset_index(drop=True), like=labelled, record_id=own)
        unlabelled, left = _one_row_each(asking, labelled)
        left_out |= left
    left_out |= {reason: n for reason, n in labelled.dropped.items() if reason != "no label"}
    names = [name for name in raw.frame.columns if name]
    chinese = sum(bool(_CHINESE.search(name)) for name in names) > len(names) / 2
    return TableLeads(
        file=path.name,
        read_as=raw.read_as,
        label=label,
        rows=len(raw.frame) + len(raw.rejects),
        labelled=labelled,
        unlabelled=unlabelled,
        left_out=left_out,
        set_aside={**labelled.set_aside, **({NO_HEADING: "without a heading"} if "" in raw.frame else {})},
        numbered=record_id is None,
        language=language or ("zh" if chinese else "en"),
    )


def _tidy(raw: RawTable, path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows with anything in them, texts on one line and columns with a heading; and counts of other rows."""
    if not len(raw.frame):
        first = raw.rejects.iloc[0]
        raise SourceError(
            f"no row of {path} fits its headings: row {first['row']:,} has {first['reason']}; the headings must "
            "stand in the first line"
        )
    frame = raw.frame.drop(columns="", errors="ignore")
    for name, column in frame.items():
        if not is_plain_number(column):
            frame[name] = column.astype(object).map(_one_line)
    filled = frame.notna().any(axis=1)
    left = {"cells do not fit the headings": len(raw.rejects), "empty": int((~filled).sum())}
    return frame[filled].copy(), {reason: n for reason, n in left.items() if n}


def _one_line(cell: Any) -> Any:
    return (" ".join(cell.split()) or None) if isinstance(cell, str) else cell


def _whole(label: Any) -> Any:
    """Return ``1`` for the text ``1.0``, as whole numbers are written where some are missing."""
    return re.sub(r"^([+-]?\d+)\.0+$", r"\1", label) if isinstance(label, str) else label


def _one_row_each(asking: PlainRows, labelled: PlainRows) -> tuple[PlainRows | None, dict[str, int]]:
    """Return the rows to be scored without repeats and without leads whose outcome is known, and how many went."""
    known = pd.Series(asking.record_id).isin(set(labelled.record_id)).to_numpy()
    again = asking.features.assign(**{_ROW: asking.record_id}).duplicated().to_numpy() & ~known
    kept = asking.take(~known & ~again)
    twice = pd.Series(kept.record_id)
    twice = twice[twice.duplicated()]
    if len(twice):
        raise ModelInputError(
            f"{len(twice):,} rows without a label repeat an id with other values ({first_few(twice.unique())}); keep "
            "one row of each lead"
        )
    left = {"without a label, though another row of the lead has one": int(known.sum()), "repeated": int(again.sum())}
    assert isinstance(kept, PlainRows)
    return kept if len(kept) else None, {reason: n for reason, n in left.items() if n}


def _likely_labels(table: pd.DataFrame, *, but: str | None) -> str:
    """Return, for an error, the columns with two values, those first that are named like an outcome."""
    # 无 means no value in a column of names, and no in a column of answers.
    absent = _ABSENT - {"无"}
    told = []
    for name, column in table.items():
        values = sorted(read_texts(column, absent).dropna().unique()) if name != but else ()
        if len(values) == 2:
            told.append((not _LABELS.search(str(name)), f"'{name}' ({values[0]}, {values[1]})"))
    told.sort(key=lambda each: each[0])
    if not told:
        return (
            "; no column has just two values, so add one: won or lost, yes or no, and empty where it is not known yet"
        )
    return f"; two values have {first_few((text for _, text in told), 6)}"
