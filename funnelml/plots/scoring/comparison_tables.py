"""Tables that hold scores against something else for a person: rules, other groups, another model."""

from __future__ import annotations

from typing import Final

import pandas as pd

from funnelml.language import Language, say, share
from funnelml.plots.scoring.cells import between, figures, grades, readable, texts
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.bant.evaluation import BantEvaluation
from funnelml.scoring.bant.points import BantScores
from funnelml.scoring.bant.rules import name_part
from funnelml.scoring.disagreement import Disagreement
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.grading import name_grade
from funnelml.scoring.monitoring.challenge import Challenge
from funnelml.scoring.monitoring.selection_rates import SelectionRates

_RATIOS: Final = {
    "highest": ("the highest", "最高"),
    "ok": ("in line", "相符"),
    "low": ("under four fifths", "低于五分之四"),
    "low by chance": ("perhaps by chance", "可能出于偶然"),
    "too few": ("too few", "样本太少"),
}


def table_bant_points(points: BantScores, *, language: Language = "en") -> ReadableTable:
    """Return the points of all records, the most first, and those of each part that has a rule."""
    best = points.table.sort_values("total", ascending=False, kind="stable")
    ids = readable({"record": texts(best["record_id"])}, {"record"}, language)
    sums = readable({"total": figures(best["total"]), "at most": figures(best["at_most"])}, set(), language)
    parts = {name_part(part, language): figures(best[part]) for part in points.rules.parts}
    return ReadableTable(frame=pd.concat([ids.frame, pd.DataFrame(parts), sums.frame], axis=1), words=ids.words)


def table_bant(bant: BantEvaluation, *, language: Language = "en") -> ReadableTable:
    """Return how records did by their points, and what the points promised; bands without a row are left out."""
    table = bant.bands[bant.bands["rows"] > 0]
    columns = {
        "points": [say(language, en=band, zh="未知" if band == "unknown" else band) for band in table["band"]],
        "rows": figures(table["rows"]),
        "converted": table["rate"].map(share),
        "80 % between": between(table["low"], table["high"]),
        "promised": table["expected"].map(share),
    }
    return readable(columns, set(), language)


def table_agreement(told: Disagreement, *, language: Language = "en") -> ReadableTable:
    """Return how many records have each grade by the model (down) and by the rules (across)."""
    counts = told.agreement
    first = readable({"by the model": grades(counts.index, language)}, {"by the model"}, language)
    across = {}
    for grade in counts.columns:
        name = name_grade(grade, language)
        across[say(language, en=f"{name} by the rules", zh=f"规则：{name}")] = figures(counts[grade])
    return ReadableTable(frame=first.frame.assign(**across), words=first.words)


def table_disagreement(told: Disagreement, *, most: int = 10, language: Language = "en") -> ReadableTable:
    """Return the records that one side holds best and the other last, of each kind those widest apart."""
    table = told.table.groupby("hot_by", sort=False).head(most)
    between_them = say(language, en=", ", zh="，")
    sides = {
        f"by the {side}": [
            name_grade(grade, language) + between_them + share(chance)
            for grade, chance in zip(table[f"{side}_grade"], table[f"{side}_probability"], strict=True)
        ]
        for side in ("model", "rules")
    }
    return readable({"record": texts(table["record_id"]), **sides}, {"record", *sides}, language)


def table_selection(rates: SelectionRates, *, language: Language = "en") -> ReadableTable:
    """Return how often each value of a field has the best grade, beside the highest share."""
    table = rates.table
    unknown = say(language, en="(unknown)", zh="（未知）")
    columns = {
        "who": [unknown if level is None else str(level) for level in table["level"]],
        "records": figures(table["records"]),
        "best grade": figures(table["selected"]),
        "share": table["rate"].map(share),
        "ratio": figures(table["ratio"], ".2f"),
        "95 % between": between(table["low"], table["high"], "{:.2f}".format),
        "verdict": [_RATIOS[verdict][language == "zh"] for verdict in table["verdict"]],
    }
    return readable(columns, {"who", "verdict"}, language)


def table_challenge(told: Challenge, *, language: Language = "en") -> ReadableTable:
    """Return the new model beside the one in use; an advantage above 0 speaks for the new one."""
    table = told.to_frame()
    columns = {
        "figure": [METRIC_NAMES[metric][language == "zh"] for metric in table["metric"]],
        "new": figures(table["challenger"], ".3f"),
        "in use": figures(table["champion"], ".3f"),
        "advantage": figures(table["advantage"], "+.3f"),
        "95 % between": [
            say(language, en=f"{low:+.3f} to {high:+.3f}", zh=f"{low:+.3f} 至 {high:+.3f}")
            for low, high in zip(table["low"], table["high"], strict=True)
        ],
    }
    return readable(columns, {"figure"}, language)
