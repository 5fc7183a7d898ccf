"""The rows of a source as they were read, before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from funnelml.mapping.rejects import no_rejects


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Rows of one source under its own headings.

    Parameters
    ----------
    frame : pandas.DataFrame
        The mapped columns; texts from a CSV, typed values from the other formats. The index is the row as a person
        sees it: in a spreadsheet the header is row 1; rows of a query count from 1.
    columns : dict of str to str
        Canonical column to heading.
    read_as : str
        How it was read: format, encoding, delimiter, sheet.
    rejects : pandas.DataFrame
        Rows that could not be split into columns.
    """

    frame: pd.DataFrame
    columns: dict[str, str]
    read_as: str
    rejects: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the rows."""
        return self.frame

    def summary(self) -> str:
        """Return one sentence: how many rows, and how they were read."""
        bad = f", {len(self.rejects):,} rows could not be split" if len(self.rejects) else ""
        return f"{len(self.frame):,} rows read as {self.read_as}{bad}."


def raw_table(frame: pd.DataFrame, columns: dict[str, str], read_as: str) -> RawTable:
    """Return a raw table in which every row could be split."""
    return RawTable(frame=frame, columns=columns, read_as=read_as, rejects=no_rejects())
