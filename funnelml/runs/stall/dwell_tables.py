"""Tables on how long stays last for a person: stages, groups, effects, and predictions beside what came."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from funnelml.language import Language, say, share
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.tables import ReadableTable
from funnelml.survival.causes import CAUSES
from funnelml.survival.evaluation.survival_evaluation import CAUSE_NAMES, SurvivalEvaluation
from funnelml.survival.nonparametric.group_test import NAMES, WORDS
from funnelml.survival.nonparametric.quantiles import StayQuantiles
from funnelml.survival.nonparametric.restricted_mean import RestrictedMeans
from funnelml.survival.nonparametric.stage_groups import ALL_STAGES, StageGroupTests
from funnelml.survival.nonparametric.stage_incidence import StageIncidence
from funnelml.survival.nonparametric.words import name_outcome, tell_between, tell_time
from funnelml.survival.ratios.cox import CoxRatios
from funnelml.survival.ratios.cox_words import hold_by_holm

_HEADINGS: Final[Mapping[str, str]] = {
    "stage": "阶段",
    "stays": "停留次数",
    "went on": "前进",
    "won": "赢单",
    "lost": "输单",
    "moved back": "回退",
    "still there": "仍在",
    "by day": "截至天数",
    "stays wanted": "所需次数",
    "mean": "平均",
    "half ended": "一半结束",
    "three quarters ended": "四分之三结束",
    "outcome": "结局",
    "test": "检验",
    "p": "p",
    "p (Holm)": "p（Holm）",
    "ends": "结束次数",
    "answer": "结果",
    "what": "因素",
    "times as fast": "速度倍数",
    "95 % between": "95 % 区间",
    "by age": "随停留天数变",
    "days ahead": "未来天数",
    "promised": "预测",
    "came about": "实际",
    "AUC": "AUC",
    "slope": "校准斜率",
    "calibration error": "校准误差",
    "by chance": "偶然误差",
}
CLEAR: Final = 0.05
"""p-value, over all tests of one kind together, below which a difference is told."""
MOST_EFFECTS: Final = 12


def table_stages(incidence: StageIncidence, language: Language = "en") -> ReadableTable:
    """Return for each stage how its stays have ended by the last day on which ten records were at risk."""
    until, rows = incidence.common_days(), []
    for count in incidence.counts.to_dict("records"):
        ended = incidence.of(count["stage"], count["group"]).curve(until[count["stage"]])
        shares = dict(zip(("still there", "went on", "won", "lost", "moved back"), map(share, ended), strict=True))
        rows.append(
            {
                "stage": count["stage"],
                "stays": f"{count['stays']:,}",
                **{name: shares[name] for name in ("went on", "won", "lost", "moved back", "still there")},
                "by day": f"{until[count['stage']]:,.0f}",
                "stays wanted": "-" if count["enough"] else f"{count['stays_wanted']:,}",
            }
        )
    return _readable(rows, {"stage"}, language)


def table_times(means: RestrictedMeans, quantiles: StayQuantiles, language: Language = "en") -> ReadableTable:
    """Return the mean time in each stage, and by when shares of its stays have ended, with their intervals."""
    mean = means.table[means.table["outcome"] == "still_in_stage"]
    ended = quantiles.table[quantiles.table["outcome"] == "any"]
    names = {0.5: "half ended", 0.75: "three quarters ended"}
    rows = []
    for row in mean.to_dict("records"):
        told = {"stage": row["stage"], "mean": _with_interval(row["mean_days"], row, language)}
        for part, name in names.items():
            own = ended[(ended["stage"] == row["stage"]) & (ended["share"] == part)].to_dict("records")[0]
            told[name] = _with_interval(own["days"], own, language)
        rows.append(told)
    return _readable(rows, {"stage"}, language)


def table_group_tests(tests: StageGroupTests, language: Language = "en") -> ReadableTable:
    """Return every test of every stage, the clearest first; those without an answer last, with the reason."""
    zh = language == "zh"
    rows = [
        {
            "stage": say(language, en=ALL_STAGES, zh="全部阶段") if row["stage"] == ALL_STAGES else row["stage"],
            "outcome": name_outcome(row["outcome"], language),
            "test": NAMES[row["test"]][zh],
            "ends": f"{row['events']:,}",
            "p": _p(row["p_value"]),
            "p (Holm)": _p(row["p_adjusted"]),
            "answer": WORDS[row["why"]][zh] if row["why"] else _differ(row["p_adjusted"], language),
        }
        for row in tests.table.sort_values("p_adjusted", kind="stable").to_dict("records")
        if row["events"]
    ]
    told = say(language, en=f"{len(rows):,} tests, the clearest first", zh=f"{len(rows):,} 项检验，最显著的在前")
    return replace(_readable(rows, {"stage", "outcome", "test", "answer"}, language), folded=told)


def table_effects(ratios: CoxRatios, language: Language = "en") -> ReadableTable:
    """Return the clearest effects on ways to leave a stage, values of a text against their average."""
    frame = ratios.to_frame()
    held = np.concatenate([hold_by_holm(frame.loc[frame["outcome"] == c, "p"].to_numpy()) for c in CAUSES])
    table = frame.assign(held=held).dropna(subset=["p"]).sort_values("p", kind="stable").head(MOST_EFFECTS)
    rows = [
        {
            "outcome": name_outcome(row["outcome"], language),
            "what": _name_effect(row["column"], row["per"], language),
            "times as fast": f"{row['ratio']:.2f}",
            "95 % between": f"{row['low']:.2f} - {row['high']:.2f}",
            "p (Holm)": _p(row["held"]),
            "by age": _by_age(row["p_proportional"], language),
        }
        for row in table.to_dict("records")
    ]
    return _readable(rows, {"outcome", "what", "by age"}, language)


def table_forward(evaluation: SurvivalEvaluation, language: Language = "en") -> ReadableTable:
    """Return what was promised for past dates beside what came, for each way to leave and each day ahead."""
    rows = []
    for cause in evaluation.causes:
        for day in evaluation.days:
            value = {name: evaluation.value(cause, name, day) for name in _MEASURES}
            error = evaluation.figures.query("cause == @cause and measure == 'calibration_error' and day == @day")
            rows.append(
                {
                    "outcome": CAUSE_NAMES[cause][language == "zh"],
                    "days ahead": f"{day:g}",
                    "promised": share(value["predicted"], 1),
                    "came about": share(value["observed"], 1),
                    "AUC": _figure(value["auc"]),
                    "slope": _figure(value["calibration_slope"]),
                    "calibration error": share(value["calibration_error"], 1),
                    "by chance": share(float(error["reference"].iloc[0]), 1),
                }
            )
    return _readable(rows, {"outcome"}, language)


_MEASURES: Final = ("predicted", "observed", "auc", "calibration_slope", "calibration_error")


def _readable(rows: list[dict[str, str]], words: set[str], language: Language) -> ReadableTable:
    frame = pd.DataFrame(rows, dtype=object)
    told = {name: say(language, en=name, zh=_HEADINGS[name]).replace(" %", "\xa0%") for name in map(str, frame)}
    return ReadableTable(
        frame=frame.rename(columns=told), words=frozenset(told[name] for name in words if name in told)
    )


def _with_interval(value: float, row: Mapping[Hashable, float], language: Language) -> str:
    if not np.isfinite(value):
        return say(language, en="not observed", zh="未观察到")
    told = tell_time(value, language)
    between = tell_between(float(row["low"]), float(row["high"]), language).removesuffix(f" {told.split(' ')[-1]}")
    return say(language, en=f"{told} ({between})", zh=f"{told}（{between}）")


def _p(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _figure(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"


def _differ(p_value: float, language: Language) -> str:
    if p_value < CLEAR:
        return say(language, en="they differ", zh="有差异")
    return say(language, en="no difference beyond chance", zh="未超出偶然")


def _by_age(p_value: float, language: Language) -> str:
    if not np.isfinite(p_value):
        return "-"
    return say(language, en="varies", zh="变化") if p_value < CLEAR else say(language, en="same", zh="相同")


def _name_effect(column: str, per: str, language: Language) -> str:
    field, equals, level = column.partition("=")
    if equals:
        unknown = say(language, en="(unknown)", zh="（未知）")
        return f"{name_field(field, language)}{say(language, en=': ', zh='：')}{level or unknown}"
    if per == "unknown":
        name = name_field(column.removesuffix(" unknown"), language)
        return say(language, en=f"{name} unknown", zh=f"{name}未知")
    name = name_field(column, language)
    if per == "doubling":
        return say(language, en=f"{name}, doubled", zh=f"{name}翻倍")
    more = per.removesuffix(" more")
    return say(language, en=f"{name}, {more} more", zh=f"{name}增加 {more}")
