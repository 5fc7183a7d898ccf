"""Tables of scores that are watched, for a person: what became of past ones, and which fields have moved."""

from __future__ import annotations

from typing import Final

from funnelml.language import Language, month_name, share
from funnelml.plots.scoring.cells import between, figures, grades, readable, texts
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.monitoring.input_drift import InputDrift
from funnelml.scoring.monitoring.past_scores import PastScores

_MOVES: Final = {"steady": ("steady", "平稳"), "moved": ("moved", "偏移"), "moved much": ("moved much", "明显偏移")}


def table_past(past: PastScores, *, language: Language = "en") -> ReadableTable:
    """Return how the records of each grade did, month by month of their scoring, beside what was promised."""
    table = past.by_month[past.by_month["records"] > 0]
    columns = {
        "month": [month_name(month, language) for month in table["month"]],
        "grade": grades(table["grade"], language),
        "records": figures(table["records"]),
        "promised then": (table["expected"] / table["records"]).map(share),
        "converted": table["rate"].map(share),
        "80 % between": between(table["low"], table["high"]),
    }
    return readable(columns, {"month", "grade"}, language)


def table_drift(drift: InputDrift, *, language: Language = "en") -> ReadableTable:
    """Return how far fields have moved, the farthest first, and what chance alone would do."""
    table = drift.to_frame(language)
    columns = {
        "field": [name_field(str(field), language) for field in table["field"]],
        "PSI": figures(table["psi"], ".2f"),
        "by chance up to": figures(table["chance"], ".2f"),
        "verdict": [_MOVES[verdict][language == "zh"] for verdict in table["verdict"]],
        "how": texts(table["how"]),
    }
    return readable(columns, {"field", "verdict", "how"}, language)
