"""Stored models as text and as JSON: all of them, one with its card, or two side by side."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd

from funnelml.io.model_card import ModelCard, name_fact, say_fact
from funnelml.io.model_list import ModelComparison, ModelList
from funnelml.language import Language, say
from funnelml.runs.scoring.cells import as_cell
from funnelml.runs.sections import plain_rows
from funnelml.runs.text import table_text

_HEADS = {
    "model_id": ("model", "模型"),
    "in_use": ("in use", "使用中"),
    "as_of": ("as of", "截至日期"),
    "outcome": ("outcome", "结果"),
    "rows": ("rows", "行数"),
    "positives": ("positives", "正例"),
    "verdict": ("verdict", "结论"),
}
_TOLD_IN_WORDS = ("features", "verdict")
_CLAUSE_ENDS = re.compile(r"[:：.。;；]")


def show_models(models: ModelList, language: Language = "en") -> str:
    """Return how many models there are and which are in use, one line for each, and what is wrong with any."""
    table = models.to_frame()
    if table.empty:
        how = say(language, en=" Make one with: funnelml score", zh="训练并保存模型：funnelml score")
        return models.summary(language) + how
    heads = [words[language == "zh"] for words in _HEADS.values()]
    lines = [_line(row, language) for row in plain_rows(_whole_counts(table))]
    problems = [text for text in table["problem"] if text]
    return "\n\n".join([models.summary(language), table_text(pd.DataFrame(lines, columns=heads)), *problems])


def models_to_dict(models: ModelList) -> dict[str, Any]:
    """Return the object that ``funnelml models --json`` prints."""
    return {"schema_version": 1, "models": plain_rows(_whole_counts(models.to_frame()))}


def show_model(model_id: str, card: ModelCard, *, in_use: bool, language: Language = "en") -> str:
    """Return the card of a model, and whether it is in use."""
    how = f"funnelml models use {model_id}"
    use = say(language, en=f"It is not in use; to use it: {how}", zh=f"该模型未在使用；如需使用：{how}")
    if in_use:
        use = say(language, en="It is in use.", zh="该模型正在使用中。")
    return f"{card.to_markdown(model_id, language)}\n{use}"


def model_to_dict(model_id: str, card: ModelCard, *, in_use: bool) -> dict[str, Any]:
    """Return the object that ``funnelml models show --json`` prints: the card, with its id."""
    return json.loads(card.to_json(model_id=model_id, in_use=in_use))


def show_comparison(comparison: ModelComparison, language: Language = "en") -> str:
    """Return what two models share and do not, the verdict on each, and the facts that differ."""
    table = comparison.to_frame()
    ids = comparison.first, comparison.second
    colon = say(language, en=": ", zh="：")
    verdicts = [f"{model_id}{colon}{card.verdict}" for model_id, card in zip(ids, comparison.cards, strict=True)]
    parts = [comparison.summary(language), "\n".join(verdicts)]
    differs = table[~table["same"] & ~table["field"].isin(_TOLD_IN_WORDS)]
    if len(differs):
        cells = [
            [name_fact(fact, language), *(as_cell(say_fact(fact, value, language)) for value in values)]
            for fact, *values in differs[["field", "first", "second"]].itertuples(index=False)
        ]
        heads = [say(language, en="fact", zh="项目"), *ids]
        parts.append(table_text(pd.DataFrame(cells, columns=heads)))
    return "\n\n".join(parts)


def comparison_to_dict(comparison: ModelComparison, language: Language = "en") -> dict[str, Any]:
    """Return the object that ``funnelml models compare --json`` prints."""
    return {
        "schema_version": 1,
        "first": comparison.first,
        "second": comparison.second,
        "summary": comparison.summary(language),
        "facts": plain_rows(comparison.to_frame()),
    }


def show_use(model_id: str, card: ModelCard, language: Language = "en") -> str:
    """Return which model is in use now, and what it learned from."""
    now = say(language, en=f"{model_id} is in use now. ", zh=f"{model_id} 现已投入使用。")
    return now + card.summary(language)


def _line(row: dict[str, Any], language: Language) -> list[str]:
    yes = say(language, en="yes", zh="是")
    # The word of a verdict; its reasons are on the card.
    verdict = _CLAUSE_ENDS.split(row["verdict"] or "", maxsplit=1)[0]
    told = row | {"in_use": yes if row["in_use"] else None, "verdict": verdict}
    # An id is there to be copied, so it is never cut.
    return [row["model_id"], *(as_cell(say_fact(name, told[name], language)) for name in list(_HEADS)[1:])]


def _whole_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the counts as whole numbers, although a model without a card has none."""
    return table.astype({"rows": "Int64", "positives": "Int64"}).astype({"rows": object, "positives": object})
