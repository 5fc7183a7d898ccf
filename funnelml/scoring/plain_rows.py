"""Rows to learn a score from, or to be scored, from a plain table: one row a lead, and no dates needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import MappingError, ModelInputError, did_you_mean, first_few
from funnelml.mapping.instants import parse_instants
from funnelml.schema import DAY
from funnelml.scoring.plain_columns import read_column, read_numbers, read_texts
from funnelml.scoring.plain_labels import read_label
from funnelml.scoring.rows import ScoringRows

MISSING = (
    "", "select", "n/a", "na", "#n/a", "nan", "null", "-", "--", "?", "unknown", "not known", "not specified",
    "无", "未知", "不详", "空", "暂无", "请选择", "未填写",
)  # fmt: skip
"""Texts that mean "no value", whatever their case."""


@dataclass(frozen=True, kw_only=True)
class PlainRows(ScoringRows):
    """Rows of a plain table.

    Parameters
    ----------
    set_aside : mapping of str to str
        Columns that are no features, with the reason.
    known_at_assumed : bool
        Whether the rows have dates and nothing was told of when their outcomes were known.
    """

    set_aside: Mapping[str, str] = field(default_factory=dict)
    known_at_assumed: bool = False


def plain_rows(
    table: pd.DataFrame,
    *,
    label: str,
    record_id: str | None = None,
    at: str | None = None,
    known_at: str | None = None,
    positive: object = None,
    keep: Sequence[str] = (),
    missing: Collection[str] = MISSING,
) -> PlainRows:
    """Read a plain table of leads whose outcome is known.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a lead.
    label : str
        Column of the outcome: 0 and 1, yes and no, 是 and 否, won and lost, or any two values with ``positive``.
    record_id : str, optional
        Column of the lead's id; rows are numbered from 1 if there is none.
    at : str, optional
        Column of dates on which the rows were true; there may be several rows of one lead then.
    known_at : str, optional
        Column of dates on which the outcomes became known, the closing date say; it goes with ``at``.
    positive : object, optional
        The value of the label that counts.
    keep : sequence of str
        Columns to be taken as features although they look like none.
    missing : collection of str
        Texts that mean "no value", whatever their case.

    Returns
    -------
    PlainRows
        Rows without a label and repeated rows of one id are dropped and counted.

    Raises
    ------
    MappingError
        If a column does not exist.
    ModelInputError
        If the table is empty, the label has not two values, one id has both, no column is a feature, or an outcome has
        no date or was known before its row.

    Notes
    -----
    What is learned before a day may use only outcomes known by then. An outcome counts as known right after the instant
    of ``known_at``: not to rows of that very instant. Without ``known_at`` it is taken as known as early as it can have
    been, right after the last row of its lead (``known_at_assumed``): a model judged on newer rows then knows outcomes
    of which some may have come later, and looks somewhat better than it will be where outcomes take their time.
    """
    if known_at is not None and at is None:
        raise ModelInputError(
            f"known_at names '{known_at}' and at names no column; name the dates on which the rows were true as well"
        )
    table = _check_table(table, [label, *_given(record_id, at, known_at), *keep])
    absent = frozenset(text.casefold() for text in missing)
    told = read_label(table[label], name=label, positive=positive, missing=absent)
    others = [c for c in table.columns if c not in (label, record_id, at, known_at)]
    read = {str(name): read_column(table[name], absent) for name in others}
    set_aside = {n: column.useless for n, column in read.items() if column.useless is not None and n not in keep}
    features = pd.DataFrame({name: column.values for name, column in read.items() if name not in set_aside})
    if features.empty:
        reasons = first_few(f"{name}: {reason}" for name, reason in set_aside.items())
        raise ModelInputError(f"no column is left to learn from ({reasons or 'the table has no other column'})")
    rows = PlainRows(
        features=features,
        record_id=_read_ids(table, record_id),
        outcome=told.outcome,
        label=np.nan_to_num(told.values),
        at=_read_dates(table, at),
        set_aside=set_aside,
    )
    known = ~np.isnan(told.values)
    once = known & ~_repeats(rows, told.values) if record_id is not None else known
    kept = rows.take(once)
    assert isinstance(kept, PlainRows)
    _check_conflicts(kept, label)
    if kept.at is not None:
        ends = _last_rows(kept) if known_at is None else _read_ends(table[once], known_at, kept)
        kept = replace(kept, known_at=ends + 1, known_at_assumed=known_at is None)
    dropped = {"no label": int((~known).sum()), "the same row again": int((known & ~once).sum())}
    return replace(kept, dropped={reason: count for reason, count in dropped.items() if count})


def plain_rows_to_score(
    table: pd.DataFrame,
    *,
    like: ScoringRows,
    record_id: str | None = None,
    at: str | None = None,
    missing: Collection[str] = MISSING,
) -> PlainRows:
    """Read a plain table of leads that are to be scored.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a lead; columns that are no features are not looked at.
    like : ScoringRows
        The rows that were learned from: their columns are taken, and read as the same kind.
    record_id, at, missing
        As in ``plain_rows``.

    Raises
    ------
    MappingError
        If a column does not exist.
    ModelInputError
        If the table is empty, or a column of numbers now holds mostly something else.
    """
    table = _check_table(table, [*map(str, like.features.columns), *_given(record_id, at)])
    absent = frozenset(text.casefold() for text in missing)
    columns = {}
    for name, learned in like.features.items():
        read = read_texts if learned.dtype == object else read_numbers
        columns[str(name)] = values = read(table[name], absent)
        if learned.dtype != object:
            texts = read_texts(table[name], absent)
            lost = texts.notna() & values.isna()
            if lost.sum() > texts.notna().sum() / 2:
                shown = first_few(texts[lost].unique())
                raise ModelInputError(f"column '{name}' was one of numbers and now holds {shown}; check the export")
    return PlainRows(
        features=pd.DataFrame(columns),
        record_id=_read_ids(table, record_id),
        outcome=like.outcome,
        at=_read_dates(table, at),
    )


def _given(*names: str | None) -> list[str]:
    return [name for name in names if name is not None]


def _check_table(table: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Return the table with texts as names of its columns."""
    if not isinstance(table, pd.DataFrame):
        raise ModelInputError(f"the table is a {type(table).__name__}; hand over a pandas frame, one row a lead")
    names = [str(c) for c in table.columns]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise MappingError(f"column {first_few(map(repr, twice))} stands in the table twice; rename one of them")
    for name in wanted:
        if name not in names:
            raise MappingError(
                f"the table has no column '{name}'{did_you_mean(name, names)}; it has {first_few(names, 8)}"
            )
    if table.empty:
        raise ModelInputError("the table has no rows; give it leads whose outcome is known, or that are to be scored")
    return table.set_axis(names, axis=1)


def _read_ids(table: pd.DataFrame, name: str | None) -> NDArray[np.object_]:
    if name is None:
        return np.array([str(k) for k in range(1, len(table) + 1)], dtype=object)
    ids = read_texts(table[name], frozenset())
    if ids.isna().any():
        empty = np.flatnonzero(ids.isna()) + 1
        raise ModelInputError(
            f"column '{name}' is empty in {len(empty):,} rows (row {first_few(empty)}); ids are needed"
        )
    return ids.to_numpy(dtype=object)


def _read_dates(table: pd.DataFrame, name: str | None) -> NDArray[np.int64] | None:
    if name is None:
        return None
    cells = table[name].astype(object)
    read = parse_instants(cells, time_zone="UTC")
    bad = read.missing | read.unreadable
    if bad.any():
        shown = first_few(cells.map(str).mask(read.missing, "empty")[bad].unique())
        raise ModelInputError(f"column '{name}' holds no date in {int(bad.sum()):,} rows ({shown})")
    return read.values.astype(np.int64)


def _read_ends(table: pd.DataFrame, name: str, rows: ScoringRows) -> NDArray[np.int64]:
    """Return when the outcomes became known, no earlier than their rows were true."""
    known, at = _read_dates(table, name), rows.at
    assert known is not None and at is not None
    # A date without a time of day may stand beside one that has it.
    early = known < at - at % DAY
    if early.any():
        raise ModelInputError(
            f"column '{name}' is before the date of its row in {int(early.sum()):,} rows "
            f"({first_few(rows.record_id[early])}); what was known then is no row to learn from: leave those rows out"
        )
    return np.maximum(known, at)


def _last_rows(rows: ScoringRows) -> NDArray[np.int64]:
    return pd.Series(rows.at).groupby(rows.record_id).transform("max").to_numpy(dtype=np.int64)


def _repeats(rows: ScoringRows, label: NDArray[np.float64]) -> NDArray[np.bool_]:
    whole = rows.features.assign(**{"\0id": rows.record_id, "\0label": label})
    if rows.at is not None:
        whole["\0at"] = rows.at
    return whole.duplicated().to_numpy()


def _check_conflicts(rows: ScoringRows, label: str) -> None:
    assert rows.label is not None
    key = pd.DataFrame({"id": rows.record_id, "at": 0 if rows.at is None else rows.at})
    labels = pd.Series(rows.label).groupby([key["id"], key["at"]])
    both = labels.transform("min") < labels.transform("max")
    if both.any():
        ids = key["id"][both].unique()
        raise ModelInputError(
            f"{len(ids):,} ids have both values of label '{label}' ({first_few(ids)}); keep one row of each"
        )
