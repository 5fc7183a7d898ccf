"""One day's verdicts as a CSV file for a CRM or a spreadsheet, which runs no cell of it as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from funnelml.errors import SourceError
from funnelml.io.safe_cells import neutralise
from funnelml.io.score_rows import check_texts
from funnelml.io.whole_files import write_whole
from funnelml.language import Language
from funnelml.survival.stall.next_steps import name_step
from funnelml.survival.stall.verdict_rules import name_verdict
from funnelml.survival.stall.verdicts import StallVerdicts

FOLDER: Final = Path("data/processed/stalls")
"""Where verdicts are kept in a workspace, by the name of the model."""
CHANCES: Final = ("move_30", "won", "won_upper")
TEXTS: Final = ("id", "stage", "verdict", "next_step", "reason", "as_of", "model_id")
COLUMNS: Final = (*TEXTS[:4], "age_days", *CHANCES, *TEXTS[4:])
"""Columns of the file, in their order."""


def write_verdicts(verdicts: StallVerdicts, path: Path, *, model_id: str, language: Language = "en") -> None:
    """Write verdicts to a file, whole or not at all.

    Parameters
    ----------
    verdicts : StallVerdicts
        The verdicts.
    path : pathlib.Path
        The file; an earlier one is replaced.
    model_id : str
        The model that judged.
    language : {"en", "zh"}
        Language of verdicts, next steps and reasons.

    Raises
    ------
    InputError
        If a text has broken characters.
    SourceError
        If the file cannot be written.
    """
    told = verdicts.to_frame(language)
    ids = pd.Series(told["record_id"].map(str).to_numpy(), dtype=object)
    rows: dict[str, Iterable[object]] = {
        "id": ids,
        "stage": told["stage"],
        "verdict": [name_verdict(verdict, language) for verdict in told["verdict"]],
        "next_step": [name_step(step, language) for step in told["next_step"]],
        "reason": told["reason"],
        "as_of": [verdicts.as_of.isoformat()] * len(told),
        "model_id": [model_id] * len(told),
    }
    cells = {name: check_texts(pd.Series(list(rows[name])), name, ids=ids).map(neutralise) for name in TEXTS}
    cells["age_days"] = told["age_days"].map("{:.1f}".format)
    cells |= {name: told[name].map("{:.4f}".format) for name in CHANCES}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(zip(*(cells[name] for name in COLUMNS), strict=True))
    try:
        # The mark by which Excel knows UTF-8.
        write_whole(path, text.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror}; free space or change its rights") from None
