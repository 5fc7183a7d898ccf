"""Tables of stalled records for a person: counts, the worst cases, how right verdicts were, what is not observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, full_amount, say, share
from funnelml.plots.labels import unit
from funnelml.plots.tables import ReadableTable
from funnelml.survival.choice import StageModelChoice, name_kind
from funnelml.survival.stall.days_rule import name_days_rule
from funnelml.survival.stall.evaluation import StallEvaluation
from funnelml.survival.stall.next_steps import ESCALATE, NURTURE, ON_COURSE, REACTIVATE, name_step
from funnelml.survival.stall.verdict_rules import VERDICTS, name_verdict
from funnelml.survival.stall.verdicts import StallVerdicts

_FIRST: Final = (ESCALATE, REACTIVATE, NURTURE)
"""Next steps in the order in which they are listed."""
_HEADINGS: Final[Mapping[str, str]] = {
    "verdict": "判定",
    "records": "记录数",
    "amount": "金额",
    "record": "记录",
    "stage": "阶段",
    "owner": "负责人",
    "days in it": "停留天数",
    "goes on": "推进",
    "won": "赢单",
    "next step": "下一步",
    "rule": "规则",
    "flags": "标出",
    "finds": "召回",
    "its precision": "规则精确率",
    "ours": "本方法精确率",
    "gain (points)": "优势（百分点）",
    "95 % between": "95 % 区间",
    "group": "分组",
    "told": "预计推进",
    "came": "实际推进",
    "off by": "相差",
    "standard error": "标准误",
    "open": "未结",
    "read from all stages": "借用全部阶段",
    "not observed": "未观察到",
    "days allowed": "允许天数",
    "model": "模型",
    "Brier score": "Brier 评分",
    "less by": "降低",
    "chosen": "选中",
    "as of": "时点",
    "zombies": "僵尸",
    "won later": "后来赢单",
    "worth": "金额合计",
    "won worth": "赢单金额",
}
_GROUPS: Final = {"all": ("all", "全部"), "observed": ("observed", "有观察依据")}


def rank_worst(table: pd.DataFrame) -> pd.DataFrame:
    """Return the records with which something is to be done: by next step, then the largest amounts."""
    order = {step: place for place, step in enumerate(_FIRST)}
    todo = table[table["next_step"] != ON_COURSE]
    keys = pd.DataFrame({"step": todo["next_step"].map(order), "amount": -todo["amount"]}, index=todo.index)
    return todo.loc[keys.sort_values(["step", "amount"], kind="stable").index]


def table_counts(verdicts: StallVerdicts, language: Language = "en") -> ReadableTable:
    """Return how many records have each verdict, and what they are worth."""
    by = verdicts.table.groupby("verdict")["amount"].agg(["size", "sum"])
    by = by.reindex([verdict for verdict in VERDICTS[::-1] if verdict in by.index])
    columns = {
        "verdict": [name_verdict(str(verdict), language) for verdict in by.index],
        "records": by["size"].map("{:,}".format),
        "amount": by["sum"].map(full_amount),
    }
    return _readable(columns, {"verdict"}, language, currency=verdicts.currency)


def table_worst(verdicts: StallVerdicts, *, most: int = 15, language: Language = "en") -> ReadableTable:
    """Return the records with which something is to be done, with figures and the next step."""
    told = rank_worst(verdicts.table).head(most)
    steps = zip(told["verdict"], told["next_step"], strict=True)
    columns: dict[str, Any] = {"record": told["record_id"].map(str)}
    if told["owner"].notna().any():
        columns["owner"] = told["owner"].fillna("-")
    columns |= {
        "stage": told["stage"],
        "amount": told["amount"].map(full_amount),
        "days in it": told["age_days"].map(full_amount),
        "goes on": [share(p) if seen else "?" for p, seen in zip(told["move_30"], told["observed"], strict=True)],
        "won": [share(p) if seen else "?" for p, seen in zip(told["won"], told["observed"], strict=True)],
        "next step": [_tell_step(str(verdict), str(step), language) for verdict, step in steps],
    }
    return _readable(columns, {"record", "owner", "stage", "next step"}, language, currency=verdicts.currency)


def table_limits(verdicts: StallVerdicts, stages: tuple[str, ...], language: Language = "en") -> ReadableTable:
    """Return for each stage how many open records are thin or not observed, and the days that the rule allows."""
    table = verdicts.table
    rows = [
        {
            "stage": stage,
            "open": f"{len(mine):,}",
            "read from all stages": f"{int(mine['thin'].sum()):,}",
            "not observed": f"{int((~mine['observed']).sum()):,}",
            "days allowed": _days(float(verdicts.days_rule.limit_days.get(stage, np.nan))),
        }
        for stage in stages
        if len(mine := table[table["stage"] == stage])
    ]
    return _readable(pd.DataFrame(rows), {"stage"}, language)


def table_precision(evaluation: StallEvaluation, language: Language = "en") -> ReadableTable:
    """Return each days-per-stage rule beside the chance to go on at the same recall, then the verdict beside days."""
    rows = []
    for row in evaluation.precision.to_dict("records"):
        days = row["against"] == "days"
        # The verdict is the rule in the last row: the figures change sides.
        ours, theirs = ("precision", "matched_precision") if days else ("matched_precision", "precision")
        sign = -1 if days else 1
        low, high = sorted((sign * row["low"], sign * row["high"]))
        verdict = say(language, en="stalled and zombies, the average days", zh="停滞与僵尸，对照平均天数")
        rows.append(
            {
                "rule": verdict if days else name_days_rule(str(row["rule"]), language),
                "finds": share(row["recall"]),
                "its precision": share(row[theirs], 1),
                "ours": share(row[ours], 1),
                "gain (points)": f"{100 * sign * row['gain']:+.1f}" if np.isfinite(row["gain"]) else "-",
                "95 % between": f"{100 * low:+.1f}, {100 * high:+.1f}" if np.isfinite(low) else "-",
            }
        )
    return _readable(pd.DataFrame(rows), {"rule"}, language)


def table_calibration(evaluation: StallEvaluation, language: Language = "en") -> ReadableTable:
    """Return what was told to go on within 30 days beside what did, by verdict and date."""
    table = evaluation.calibration
    columns = {
        "group": [_name_group(str(group), language) for group in table["group"]],
        "records": table["records"].map("{:,}".format),
        "told": table["told"].map(lambda value: share(value, 1)),
        "came": table["came"].map(lambda value: share(value, 1)),
        "off by": table["difference"].map(lambda value: _points(value, language)),
        "standard error": table["std_err"].map(lambda value: f"{100 * value:.1f}" if np.isfinite(value) else "-"),
    }
    return _readable(columns, {"group"}, language)


def table_past_zombies(evaluation: StallEvaluation, language: Language = "en") -> ReadableTable:
    """Return what those named zombies on each past date won later."""
    table = evaluation.zombies
    columns = {
        "as of": table["as_of"].map(str),
        "zombies": table["zombies"].map("{:,}".format),
        "worth": table["amount"].map(full_amount),
        "won later": table["won"].map("{:,}".format),
        "won worth": table["won_amount"].map(full_amount),
    }
    return _readable(columns, {"as of"}, language, currency=evaluation.currency)


def table_tried(choice: StageModelChoice, language: Language = "en") -> ReadableTable:
    """Return the models that were tried, and by how much each is better than stage and age alone."""
    table, yes = choice.tried, say(language, en="yes", zh="是")
    base = float(table["brier"].iloc[0]) if len(table) else np.nan
    columns = {
        "model": [name_kind(row, language) for _, row in table.iterrows()],
        "Brier score": [f"{value:.4f}" for value in table.get("brier", [])],
        "less by": [
            f"{100 * gain / base:+.1f} ± {100 * error / base:.1f}\xa0%"
            for gain, error in zip(table.get("gain", []), table.get("gain_std_err", []), strict=True)
        ],
        "chosen": [yes if chosen else "" for chosen in table.get("chosen", [])],
    }
    return _readable(columns, {"model", "chosen"}, language)


def _readable(columns: Any, words: set[str], language: Language, *, currency: str = "") -> ReadableTable:
    frame = pd.DataFrame({name: list(columns[name]) for name in columns}, dtype=object)
    told = {name: _heading(name, language, currency) for name in columns}
    return ReadableTable(
        frame=frame.rename(columns=told), words=frozenset(told[name] for name in words if name in told)
    )


def _heading(name: str, language: Language, currency: str) -> str:
    told = say(language, en=name, zh=_HEADINGS[name]).replace(" %", "\xa0%")
    return unit(told, currency) if name in ("amount", "worth", "won worth") else told


def _name_group(group: str, language: Language) -> str:
    if group in _GROUPS:
        return _GROUPS[group][language == "zh"]
    return name_verdict(group, language) if group in VERDICTS else group


def _points(value: float, language: Language) -> str:
    return f"{100 * value:+.1f}" + say(language, en=" points", zh=" 个百分点") if np.isfinite(value) else "-"


def _tell_step(verdict: str, step: str, language: Language) -> str:
    told, what = name_verdict(verdict, language), name_step(step, language)
    return say(language, en=f"{told}: {what}", zh=f"{told}：{what}")


def _days(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") if np.isfinite(value) else "-"
