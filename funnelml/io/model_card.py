"""The card of a model: what it learned from, as of when, and how well it did."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import pandas as pd

from funnelml import __version__
from funnelml.errors import ModelStoreError
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.outcome_words import say_outcome

SCHEMA_VERSION = 1
STAY_ENDS = "left their stage"
"""Outcome of a stage model: its rows are stays, and all ways to leave a stage are told apart."""


def installed_versions() -> Mapping[str, str]:
    """Return the versions of Python, funnelml and the packages that a model is made of."""
    packages = {name: version(name) for name in ("numpy", "pandas", "scikit-learn", "skops")}
    return MappingProxyType({"python": platform.python_version(), "funnelml": __version__} | packages)


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a model learned from, as of when, and how well it did.

    Parameters
    ----------
    as_of : datetime.date
        Last day of what was known when it learned.
    funnel : str
        Funnel of the records; empty for a plain table.
    outcome : str
        What a score is the chance of: ``won within 28 days``; ``STAY_ENDS`` of a stage model.
    horizon : str
        Time in which it counts, as it was asked for: ``28d``; empty if there is none.
    data_hash : str
        SHA-256 of the rows, as :func:`funnelml.io.data_hash.hash_rows` returns it.
    rows, positives : int
        Rows learned from, and those of them whose outcome came about.
    features : tuple of str
        Columns, in the order of the model.
    seed : int
        Seed of the training.
    metrics : mapping of str to float
        Measures on rows that the model had not seen; NaN if one could not be had.
    verdict : str
        One sentence on whether to use it.
    leaks : tuple of str
        One line per finding of the search for leaks.
    versions : mapping of str to str
        Python and packages it was made with.
    parameters : mapping of str to str
        What was chosen of its kind; empty if nothing was.
    """

    as_of: date
    funnel: str
    outcome: str
    horizon: str
    data_hash: str
    rows: int
    positives: int
    features: tuple[str, ...]
    seed: int
    metrics: Mapping[str, float]
    verdict: str
    leaks: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the card as ``field, value``, one row per fact; metrics and versions have one each."""
        facts: dict[str, Any] = {}
        for name, value in _plain(self).items():
            if isinstance(value, dict):
                facts |= {f"{name}.{key}": entry for key, entry in value.items()}
            else:
                facts[name] = join_words(value) if isinstance(value, list) else value
        return pd.DataFrame({"field": list(facts), "value": pd.Series(list(facts.values()), dtype=object)})

    def summary(self, language: Language = "en") -> str:
        """Return what the model learned from, and the verdict."""
        rows, positives, features = f"{self.rows:,}", f"{self.positives:,}", f"{len(self.features):,}"
        rate = share(self.positives / self.rows if self.rows else math.nan, 1)
        outcome = say_fact("outcome", self.outcome, language)
        learned = say(
            language,
            en=f"Learned from {rows} rows known on {self.as_of}, {positives} of them {outcome} ({rate}), with "
            f"{features} features.",
            zh=f"用截至 {self.as_of} 已知的 {rows} 行训练，其中 {positives} 行“{outcome}”（{rate}），"
            f"共 {features} 个特征。",
        )
        return say(language, en=" ", zh="").join(part for part in (learned, self.verdict) if part)

    def to_json(self, **stored: object) -> bytes:
        """Return the card as JSON, with what the store adds."""
        told = {"schema_version": SCHEMA_VERSION, **stored, **_plain(self)}
        return json.dumps(told, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"

    def to_markdown(self, model_id: str, language: Language = "en") -> str:
        """Return the card as a page for a person."""
        table = self.to_frame()
        kept = table[~table["field"].isin(["verdict", "leaks", "features"])]
        rows = [
            f"| {_cell(name_fact(name, language))} | {_cell(_write(say_fact(name, value, language)))} |"
            for name, value in zip(kept["field"], kept["value"], strict=True)
        ]
        nothing = say(language, en="None.", zh="无。")
        leaks = [f"- {_cell(line)}" for line in self.leaks] or [nothing]
        features = [f"- {_cell(name)}" for name in self.features] or [nothing]
        parts = [
            f"# {_cell(model_id)}",
            _cell(self.summary(language)),
            "\n".join(["| | |", "|---|---|", *rows]),
            say(language, en="## Signs of leaks", zh="## 泄漏迹象"),
            "\n".join(leaks),
            say(language, en="## Features", zh="## 特征"),
            "\n".join(features),
        ]
        return "\n\n".join(parts) + "\n"


_HEADS_ZH = {
    "as_of": "截至日期",
    "funnel": "漏斗",
    "outcome": "结果",
    "horizon": "期限",
    "data_hash": "数据指纹",
    "rows": "行数",
    "positives": "正例",
    "features": "特征",
    "seed": "随机种子",
    "metrics": "指标",
    "verdict": "结论",
    "leaks": "泄漏迹象",
    "versions": "版本",
    "parameters": "参数",
}


def name_fact(fact: str, language: Language = "en") -> str:
    """Return what a fact of ``to_frame`` is called for a person.

    Examples
    --------
    >>> name_fact("metrics.log_loss"), name_fact("metrics.log_loss", "zh"), name_fact("as_of", "zh")
    ('metrics: log loss', '指标：对数损失', '截至日期')
    """
    head, dot, rest = fact.partition(".")
    name = say(language, en=head.replace("_", " "), zh=_HEADS_ZH.get(head, head))
    if head == "metrics" and rest in METRIC_NAMES:
        rest = METRIC_NAMES[rest][language == "zh"]
    return f"{name}{say(language, en=': ', zh='：') if dot else ''}{rest}"


def say_fact(fact: str, value: Any, language: Language = "en") -> Any:
    """Return the value of a fact of ``to_frame`` for a person: the outcome in words, all others as they are."""
    if fact != "outcome" or not isinstance(value, str):
        return value
    return say(language, en=value, zh="离开所在阶段") if value == STAY_ENDS else say_outcome(value, language)


def _write(value: object) -> str:
    """Return a value as text: a figure with five digits, a dash for none."""
    if value is None or value == "":
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _cell(value: object) -> str:
    """Return a value as one cell of a Markdown table, whatever a CRM called its columns."""
    return " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _plain(card: ModelCard) -> dict[str, Any]:
    """Return the card in the types that JSON has; a figure that is not finite is null."""
    return {
        "as_of": card.as_of.isoformat(),
        "funnel": card.funnel,
        "outcome": card.outcome,
        "horizon": card.horizon,
        "data_hash": card.data_hash,
        "rows": int(card.rows),
        "positives": int(card.positives),
        "seed": int(card.seed),
        "verdict": card.verdict,
        "metrics": {k: float(v) if math.isfinite(v) else None for k, v in card.metrics.items()},
        "leaks": list(card.leaks),
        "features": list(map(str, card.features)),
        "versions": dict(card.versions),
    } | ({"parameters": dict(card.parameters)} if card.parameters else {})


def card_from_json(content: bytes) -> tuple[ModelCard, dict[str, Any]]:
    """Return a card, and what the store added to it.

    Raises
    ------
    ModelStoreError
        If it is no card of this version.
    """
    try:
        told = json.loads(content)
        if told["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version is {told['schema_version']}")
        card = ModelCard(
            as_of=date.fromisoformat(told["as_of"]),
            data_hash=_text(told["data_hash"]),
            rows=int(told["rows"]),
            positives=int(told["positives"]),
            seed=int(told["seed"]),
            metrics={k: math.nan if v is None else float(v) for k, v in told["metrics"].items()},
            leaks=tuple(map(_text, told["leaks"])),
            features=tuple(map(_text, told["features"])),
            versions={k: _text(v) for k, v in told["versions"].items()},
            parameters={k: _text(v) for k, v in told.get("parameters", {}).items()},
            **{name: _text(told[name]) for name in ("funnel", "outcome", "horizon", "verdict")},
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelStoreError(
            f"card.json is no card of a model ({type(error).__name__}: {error}); train the model again"
        ) from None
    own = {f.name for f in fields(ModelCard)}
    return card, {name: value for name, value in told.items() if name not in own}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
