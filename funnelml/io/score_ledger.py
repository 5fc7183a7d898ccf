"""One day's scores as the bytes of a Parquet file, and back: what was told then, at full precision."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from funnelml.errors import InputError, first_few
from funnelml.io.score_rows import CHANCES, VERDICTS, check_rows, check_texts
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES
from funnelml.scoring.grading import SCALES, name_grade
from funnelml.scoring.score_table import check_columns

LEDGER_COLUMNS = (
    "record_id",
    *CHANCES,
    "grade",
    "reasons_for",
    "reasons_against",
    "model_id",
    "as_of",
    "verdict",
    "outcome",
)
"""Columns of the ledger, in their order."""
_GRADES: Final[Mapping[str, str]] = MappingProxyType(
    {name_grade(grade, "zh"): grade for grades in SCALES.values() for grade in grades}
)


def check_ledger(scores: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return one day's scores as the ledger keeps them.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per record: ``record_id, probability, low, high, grade, reasons_for, reasons_against, model_id, verdict,
        outcome``; other columns are left out. Grades and verdicts may be in English or in Chinese.
    as_of : datetime.date
        Last day of what was known. A column ``as_of`` need not be there, and must not name another day.

    Returns
    -------
    pandas.DataFrame
        Exactly ``LEDGER_COLUMNS``. Chances are as they came; grades and verdicts have their English names, by which
        monitoring and export know them; ``as_of`` is a date.

    Raises
    ------
    InputError
        If there are no rows, a column is missing, the scores are of another day, an outcome is missing, or a score
        could not be exported: see :func:`funnelml.io.score_rows.check_rows`.
    """
    check_columns(scores, [name for name in LEDGER_COLUMNS if name != "as_of"], what="scores")
    if scores.empty:
        raise InputError(f"there are no scores of {as_of} to keep; nothing is written")
    dated = scores if "as_of" in scores else scores.assign(as_of=as_of)
    # Whatever is kept can be exported, so the same is asked of it.
    rows = check_rows(dated[list(LEDGER_COLUMNS)].rename(columns={"record_id": "id"}))
    rows["outcome"] = check_texts(scores["outcome"], "outcome", ids=rows["id"])
    for odd, what in (
        (rows["as_of"] != as_of.isoformat(), f"scores are of another day than {as_of}"),
        (rows["outcome"] == "", "scores do not say what they are the chance of; fill outcome"),
    ):
        if odd.any():
            raise InputError(f"{int(odd.sum()):,} {what} ({first_few(rows.loc[odd, 'id'])})")
    kept = rows.rename(columns={"id": "record_id"}).assign(
        grade=rows["grade"].map(lambda grade: _GRADES.get(grade, grade)),
        verdict=rows["verdict"].map(VERDICTS),
        as_of=as_of,
        **{name: pd.to_numeric(scores[name]).to_numpy(dtype="float64") for name in CHANCES},
    )
    return kept[list(LEDGER_COLUMNS)]


def ledger_to_bytes(rows: pd.DataFrame) -> bytes:
    """Return checked rows as the content of a Parquet file; the same rows have the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, schema=_schema(), preserve_index=False), content)
    return content.getvalue()


def ledger_from_bytes(content: bytes, *, as_of: date) -> pd.DataFrame:
    """Return the rows of a file of the ledger.

    Raises
    ------
    Exception
        Whatever the reader of Parquet raises, or ``InputError`` if it holds anything else than scores of that day.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    if not table.schema.equals(_schema()):
        raise InputError(f"its columns are {', '.join(table.schema.names)[:200]}")
    if not table.num_rows or any(column.null_count for column in table.columns):
        raise InputError("it has no rows, or empty cells")
    rows = table.to_pandas()
    if not rows[list(CHANCES)].apply(lambda chances: chances.between(0, 1)).all(axis=None):
        raise InputError("some of its chances are no numbers from 0 to 1")
    if not rows["verdict"].isin(list(VERDICT_NAMES)).all():
        raise InputError("some of its verdicts are none")
    if (rows["as_of"] != as_of).any():
        raise InputError(f"it holds scores of {rows['as_of'].iloc[0]}")
    return rows


def _schema() -> Any:
    import pyarrow as pa

    kinds = {name: pa.float64() for name in CHANCES} | {"as_of": pa.date32()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in LEDGER_COLUMNS])
