"""Which table a person sees of each answer of a score, with headings in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from funnelml.language import Language
from funnelml.plots.scoring.comparison_tables import (
    table_agreement,
    table_bant,
    table_bant_points,
    table_challenge,
    table_selection,
)
from funnelml.plots.scoring.tables import table_leaks, table_metrics
from funnelml.plots.scoring.watch_tables import table_drift, table_past
from funnelml.plots.tables import ReadableTable
from funnelml.runs.scoring.unanswered import ScoreSection

_TABLES: Final[Mapping[str, Callable[..., ReadableTable]]] = {
    "evaluation": table_metrics,
    "leaks": table_leaks,
    "points": table_bant_points,
    "bant": table_bant,
    "disagreement": table_agreement,
    "past": table_past,
    "inputs": table_drift,
    "selection": table_selection,
    "challenge": table_challenge,
}


def table_section(section: ScoreSection, language: Language = "en") -> ReadableTable | None:
    """Return the table of an answer; None if there is no answer, or its sentence says all."""
    make, result = _TABLES.get(section.name), section.result
    if make is None or result is None:
        return None
    told: Any = result
    table = make(told, language=language)
    return table if len(table.frame) else None
