"""What the tables of conversion say, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from funnelml.diagnostics.conversion.paths import DEFINITIONS
from funnelml.diagnostics.conversion.waits import LEAST_CONVERTED
from funnelml.diagnostics.extremes import tell_extremes
from funnelml.diagnostics.record_groups import EVERYTHING
from funnelml.language import Language, days, points, say, share


def explain_definitions(overall: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return both definitions of each group and stage, and why they differ (``Conversion.definitions``)."""
    to_next = overall[overall["to"] == "next"]
    known = {
        (group, stage, definition): (int(entered), float(rate))
        for group, stage, definition, entered, rate in to_next[
            ["group", "stage", "definition", "entered", "conversion"]
        ].itertuples(index=False)
    }
    rows = []
    for group, stage in dict.fromkeys((group, stage) for group, stage, _ in known):
        sides = [known.get((group, stage, definition), (0, float("nan"))) for definition in DEFINITIONS]
        counts, rates = [side[0] for side in sides], [side[1] for side in sides]
        rows.append((group, stage, *counts, *rates, _why(stage, counts, rates, language)))
    names = ["group", "stage", *DEFINITIONS, *(f"conversion_{d}" for d in DEFINITIONS), "why"]
    return pd.DataFrame(rows, columns=names)


def _why(stage: object, counts: Sequence[int], rates: Sequence[float], language: Language) -> str:
    skipped = counts[0] - counts[1]
    if counts[0] == counts[1]:
        return say(
            language,
            en=f"{stage}: both definitions count the same {counts[1]:,} records; nobody skipped the stage.",
            zh=f"{stage}：两种口径都是 {counts[1]:,} 条记录，没有人跳过该阶段。",
        )
    if skipped < 0:
        return say(
            language,
            en=f"{stage}: {counts[1]:,} records were in the stage.",
            zh=f"{stage}：共有 {counts[1]:,} 条记录处于该阶段。",
        )
    return say(
        language,
        en=f"{stage}: {skipped:,} of {counts[0]:,} records never had a stay in the stage but got further; counting "
        f"them as passed through makes the conversion {share(rates[0])} instead of {share(rates[1])}.",
        zh=f"{stage}：{counts[0]:,} 条记录中有 {skipped:,} 条没有在该阶段停留而直接到了更后阶段；"
        f"把它们视为经过，转化率为 {share(rates[0])}，否则为 {share(rates[1])}。",
    )


def tell_conversion(overall: pd.DataFrame, cohorts: pd.DataFrame, stages: Sequence[str], language: Language) -> str:
    """Return how much is won, where most is lost, and what is too young (``Conversion.summary``)."""
    groups = overall["group"].unique()
    told = [_tell_all(overall, stages, language) if len(groups) == 1 else _tell_groups(overall, stages, language)]
    young = cohorts[(cohorts["to"] == "won") & cohorts["immature"]]
    if len(young):
        whole = int((cohorts["to"] == "won").sum())
        told.append(
            say(
                language,
                en=f"{len(young):,} of {whole:,} cohorts are immature: younger than their way to the win takes, or of "
                "a stage from which too few were won to know.",
                zh=f"{whole:,} 个批次中有 {len(young):,} 个尚未成熟：还没到赢单所需的时间，或该阶段赢单太少无法判断。",
            )
        )
    return (" " if language == "en" else "").join(told)


def _tell_groups(overall: pd.DataFrame, stages: Sequence[str], language: Language) -> str:
    came = overall[(overall["definition"] == "passed_through_all") & (overall["to"] == "won")]
    # Everybody passed through the first stage, by this definition.
    top = came[came["stage"] == stages[0]]
    enough = top[top["converted"] >= LEAST_CONVERTED]
    words = enough.apply(_with_interval, axis=1, result_type="reduce", language=language)
    lead = say(language, en="Won of all that came in: ", zh="进入漏斗的记录赢单率：")
    return lead + tell_extremes(enough, "conversion", words, len(top) - len(enough), language)


def _with_interval(row: pd.Series, language: Language) -> str:
    return say(
        language,
        en=f"{share(row['conversion'])}, {share(row['low'])} to {share(row['high'])}",
        zh=f"{share(row['conversion'])}，{share(row['low'])} 至 {share(row['high'])}",
    )


def _tell_all(rows: pd.DataFrame, stages: Sequence[str], language: Language) -> str:
    group = str(rows["group"].iloc[0])
    name = "" if group == EVERYTHING else say(language, en=f"{group}: ", zh=f"{group}：")
    through = rows[rows["definition"] == "passed_through_all"]
    won = through[through["to"] == "won"]
    top = won.iloc[won["stage"].map(stages.index).to_numpy().argmin()]
    text = say(
        language,
        en=f"{name}{share(top['conversion'])} of what comes in is won within {days(top['by_day'])} "
        f"({share(top['low'])} to {share(top['high'])}); records so far: {top['entered']:,} in, "
        f"{top['converted']:,} won, {top['lost']:,} lost, {top['still_open']:,} open.",
        zh=f"{name}进入漏斗的 {top['entered']:,} 条记录中，{share(top['conversion'])} 在 {days(top['by_day'], 'zh')}"
        f"内赢单（{share(top['low'])} 至 {share(top['high'])}）；目前赢单 {top['converted']:,}、"
        f"输单 {top['lost']:,}、未结束 {top['still_open']:,}。",
    )
    if top["converted"] < LEAST_CONVERTED:
        text += say(
            language,
            en=f" Not enough data to rely on it: {top['converted']:,} won, {LEAST_CONVERTED} would do.",
            zh=f"数据不足，尚不可靠：赢单 {top['converted']:,}，至少需要 {LEAST_CONVERTED}。",
        )
    steps = rows[(rows["definition"] == "any") & (rows["to"] == "next") & (rows["lost"] > 0)]
    if len(steps):
        leak = steps.iloc[steps["lost"].to_numpy().argmax()]
        text += say(
            language,
            en=f" Most fall out in {leak['stage']} ({leak['lost']:,}): {share(leak['conversion'])} go on "
            f"({share(leak['low'])} to {share(leak['high'])}).",
            zh=f"流失最多的阶段是{leak['stage']}：{leak['lost']:,} 条记录；{share(leak['conversion'])} 能继续前进"
            f"（{share(leak['low'])} 至 {share(leak['high'])}）。",
        )
    gap = top["amount_conversion"] - top["conversion"]
    if abs(gap) >= 0.01:
        text += say(
            language,
            en=f" By amount it is {share(top['amount_conversion'])} ({points(gap)}).",
            zh=f"按金额计为 {share(top['amount_conversion'])}（{points(gap, 'zh')}）。",
        )
    return text
