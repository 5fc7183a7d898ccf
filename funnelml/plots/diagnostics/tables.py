"""Tables of diagnostics for a person: few columns, percent, and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from funnelml.diagnostics.changes.benchmarks import BenchmarkComparison
from funnelml.diagnostics.comparison.result import Comparison
from funnelml.diagnostics.conversion.rates import Conversion
from funnelml.diagnostics.early_warnings.result import EarlyWarnings
from funnelml.diagnostics.integrity.result import Integrity
from funnelml.language import Language, full_amount, say, share
from funnelml.plots.tables import ReadableTable

_HEADINGS = {
    "stage": "阶段",
    "came in": "进入",
    "still open": "未结",
    "of all": "占全部",
    "of closed": "占已结",
    "goes on": "推进",
    "80 % between": "80 % 区间",
    "had a stay": "实际停留",
    "passed through": "视为经过",
    "immature": "未成熟",
    "who": "对象",
    "records": "记录数",
    "raw": "原始",
    "shrunken": "收缩后",
    "rank": "排名",
    "stands out": "突出",
    "record": "记录",
    "owner": "负责人",
    "amount": "金额",
    "why": "原因",
    "rule": "规则",
    "now": "当前",
    "past": "过去",
    "right": "命中率",
    "without it": "无此预警",
    "verdict": "结论",
    "finding": "发现",
    "count": "数量",
    "of": "总数",
    "share": "占比",
    "benchmark": "基准",
    "a quarter": "每季度",
}
_VERDICTS = {"below": "低于", "above": "高于", "in line": "相符", "too few": "样本太少"}


def table_conversion(conversion: Conversion, *, language: Language = "en") -> ReadableTable:
    """Return the conversion of each stage to the next by both definitions, and what naive shares would say."""
    told = conversion.overall
    told = told[(told["to"] == "next") & (told["group"] == told["group"].iloc[0])] if len(told) else told
    real = told[told["definition"] == "any"]
    taken = told[told["definition"] == "passed_through_all"].set_index("stage")["conversion"].reindex(real["stage"])
    frame = {
        "stage": real["stage"],
        "came in": real["entered"].map("{:,}".format),
        "still open": real["still_open"].map("{:,}".format),
        "of all": real["share_of_all"].map(share),
        "of closed": real["share_of_closed"].map(share),
        "goes on": real["conversion"].map(share),
        "80 % between": _between(real["low"], real["high"]),
        "passed through": [share(value) for value in taken],
    }
    return _readable(frame, {"stage"}, language)


def table_comparison(comparison: Comparison, *, most: int = 15, language: Language = "en") -> ReadableTable:
    """Return the groups of a comparison with raw and shrunken rates; those with too few records last."""
    table = comparison.to_frame().head(most)
    is_rate = comparison.measure in ("win_rate", "conversion")
    written = share if is_rate else full_amount
    ranks = [
        "-" if pd.isna(row["rank"]) else f"{row['rank']:.0f} ({row['rank_low']:.0f}-{row['rank_high']:.0f})"
        for row in table.to_dict("records")
    ]
    frame = {
        "who": table["group"].astype(str),
        "records": table["records"].map("{:,.0f}".format),
        "raw": [written(value) for value in table["raw"]],
        "shrunken": [written(value) for value in table["estimate"]],
        "80 % between": [f"{written(a)} - {written(b)}" for a, b in zip(table["low"], table["high"], strict=True)],
        "rank": ranks,
        "stands out": [_verdict(word, language) for word in table["stands_out"]],
    }
    return _readable(frame, {"who", "stands out"}, language)


def table_warnings(warned: EarlyWarnings, *, most: int = 12, language: Language = "en") -> ReadableTable:
    """Return the records that carry warnings, the largest amounts first, one row a record."""
    table = warned.to_frame(language).dropna(subset="record_id")
    reasons = table.groupby("record_id", sort=False)["reason"].agg("；".join if language == "zh" else "; ".join)
    rows = table.drop_duplicates("record_id").sort_values("amount", ascending=False, kind="stable").head(most)
    frame = {
        "record": rows["record_id"].astype(str),
        "stage": rows["stage"],
        "owner": rows["owner"].fillna("-"),
        "amount": rows["amount"].map(full_amount),
        "why": rows["record_id"].map(reasons),
    }
    return _readable(frame, {"record", "stage", "owner", "why"}, language)


def table_rules(warned: EarlyWarnings, *, language: Language = "en") -> ReadableTable:
    """Return each rule of early warning with its past precision."""
    table = warned.rules_frame(language)
    frame = {
        "rule": [warned.name(rule, language) for rule in table["rule"]],
        "now": table["warned_now"].map("{:,.0f}".format),
        "past": table["past_warned"].map("{:,.0f}".format),
        "right": table["precision"].map(share),
        "80 % between": _between(table["low"], table["high"]),
        "without it": table["base_rate"].map(share),
        "verdict": table["verdict"],
    }
    return _readable(frame, {"rule", "verdict"}, language)


def table_integrity(found: Integrity, *, language: Language = "en") -> ReadableTable:
    """Return what the log betrays, finding by finding, and who stands out."""
    table = found.to_frame(language)
    frame = {
        "finding": table["name"],
        "count": table["count"].map("{:,.0f}".format),
        "of": table["of"].map("{:,.0f}".format),
        "share": table["share"].map(lambda value: share(value, 1)),
        "stands out": table["stands_out"].fillna("").astype(str),
    }
    return _readable(frame, {"finding", "stands out"}, language)


def table_benchmarks(told: BenchmarkComparison, *, language: Language = "en") -> ReadableTable:
    """Return each stage beside its benchmark, and what the difference means."""
    table = told.table
    frame = {
        "stage": table["stage"],
        "benchmark": table["benchmark"].map(share),
        "share": table["share"].map(share),
        "80 % between": _between(table["low"], table["high"]),
        "verdict": [_verdict(word, language) for word in table["verdict"]],
        "a quarter": table["amount"].map(full_amount),
    }
    return _readable(frame, {"stage", "verdict"}, language)


def _between(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{share(a)} - {share(b)}" if pd.notna(a) else "-" for a, b in zip(low, high, strict=True)]


def _verdict(word: str, language: Language) -> str:
    return say(language, en=word, zh=_VERDICTS.get(word, word))


def _readable(columns: Mapping[str, Any], words: set[str], language: Language) -> ReadableTable:
    names = {name: say(language, en=name, zh=_HEADINGS[name]).replace(" %", "\xa0%") for name in columns}
    frame = pd.DataFrame({names[name]: list(values) for name, values in columns.items()})
    return ReadableTable(frame=frame, words=frozenset(names[word] for word in words))
