"""Stored models side by side: all of a workspace, or two of them fact by fact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model
from funnelml.io.model_card import ModelCard
from funnelml.io.model_store import model_ids, name_of, read_card, refuse_other_versions
from funnelml.language import Language, join_words, say


@dataclass(frozen=True, kw_only=True)
class ModelList:
    """The models of a workspace.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per model, by name and as-of date: ``model_id, name, in_use, as_of, outcome, rows, positives, verdict,
        problem``. A model whose card cannot be used has only its id, its name and the problem.
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per model."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return how many there are, which are in use, and which cannot be used."""
        n = len(self.table)
        if not n:
            return say(language, en="No model is stored yet.", zh="尚未保存任何模型。")
        used = list(self.table.loc[self.table["in_use"], "model_id"])
        broken = list(self.table.loc[self.table["problem"] != "", "model_id"])
        told = [
            say(language, en=f"{n:,} {'model is' if n == 1 else 'models are'} stored", zh=f"已保存 {n:,} 个模型"),
            say(language, en=f"in use: {join_words(used)}", zh=f"使用中：{join_words(used, 'zh')}")
            if used
            else say(language, en="none is in use", zh="没有使用中的模型"),
        ]
        if broken:
            ids = join_words(broken, language)
            told.append(say(language, en=f"cannot be used: {ids}", zh=f"无法使用：{ids}"))
        return say(language, en="; ", zh="；").join(told) + say(language, en=".", zh="。")


def list_models(folder: Path) -> ModelList:
    """Return the models of a workspace; a damaged one is listed with its problem.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``.
    """
    rows: list[dict[str, Any]] = []
    for model_id in model_ids(folder):
        name = name_of(model_id)
        row: dict[str, Any] = {"model_id": model_id, "name": name, "in_use": False, "problem": ""}
        try:
            row["in_use"] = current_model(folder, name) == model_id
            card = read_card(folder, model_id)
            row |= {fact: getattr(card, fact) for fact in ("as_of", "outcome", "rows", "positives", "verdict")}
            refuse_other_versions(model_id, card)
        except ModelStoreError as error:
            row["problem"] = str(error)
        rows.append(row)
    columns = ["model_id", "name", "in_use", "as_of", "outcome", "rows", "positives", "verdict", "problem"]
    return ModelList(table=pd.DataFrame(rows, columns=columns).astype({"in_use": bool}))


@dataclass(frozen=True, kw_only=True)
class ModelComparison:
    """Two models, fact by fact.

    Parameters
    ----------
    first, second : str
        Their ids.
    cards : tuple of ModelCard
        Their cards.
    table : pandas.DataFrame
        One row per fact of the cards: ``field, first, second, same``.
    """

    first: str
    second: str
    cards: tuple[ModelCard, ModelCard]
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per fact of the cards."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return whether both learned from the same rows, the measures they share, and the features they do not."""
        a, b = self.cards
        told = [self._rows(language)]
        shared = [name for name in a.metrics if name in b.metrics]
        if shared:
            figures = [f"{name} {_figure(a.metrics[name])} -> {_figure(b.metrics[name])}" for name in shared]
            told.append(say(language, en=f"{join_words(figures)}.", zh=f"{join_words(figures, 'zh')}。"))
        for own, other, model_id in ((a, b, self.first), (b, a, self.second)):
            if only := [name for name in own.features if name not in other.features]:
                names = join_words(only, language)
                told.append(say(language, en=f"Only {model_id} has {names}.", zh=f"仅 {model_id} 有 {names}。"))
        return say(language, en=" ", zh="").join(told)

    def _rows(self, language: Language) -> str:
        a, b = self.cards
        if a.outcome != b.outcome:
            return say(
                language,
                en=f"{self.first} scores '{a.outcome}' and {self.second} '{b.outcome}': their measures do not compare.",
                zh=f"{self.first} 预测“{a.outcome}”，{self.second} 预测“{b.outcome}”：指标不可比较。",
            )
        if a.data_hash != b.data_hash:
            return say(
                language,
                en=f"{self.first} ({a.as_of}) and {self.second} ({b.as_of}) learned from different rows; their "
                "measures are of different rows too.",
                zh=f"{self.first}（{a.as_of}）与 {self.second}（{b.as_of}）用不同的行训练，指标也来自不同的行。",
            )
        return say(
            language,
            en=f"{self.first} and {self.second} learned from the same {a.rows:,} rows.",
            zh=f"{self.first} 与 {self.second} 用相同的 {a.rows:,} 行训练。",
        )


def compare_models(folder: Path, first: str, second: str) -> ModelComparison:
    """Return two models side by side.

    Parameters
    ----------
    folder : pathlib.Path
        The workspace's ``models/``.
    first, second : str
        Their ids.

    Raises
    ------
    ModelStoreError
        If a card cannot be used.
    """
    cards = read_card(folder, first), read_card(folder, second)
    facts = [dict(card.to_frame().itertuples(index=False, name=None)) for card in cards]
    names = list(dict.fromkeys([*facts[0], *facts[1]]))
    table = pd.DataFrame(
        {
            "field": names,
            "first": pd.Series([facts[0].get(name) for name in names], dtype=object),
            "second": pd.Series([facts[1].get(name) for name in names], dtype=object),
        }
    )
    table["same"] = [a == b for a, b in zip(table["first"], table["second"], strict=True)]
    return ModelComparison(first=first, second=second, cards=cards, table=table)


def _figure(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
