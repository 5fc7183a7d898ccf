"""Whether groups of records differ in how the stays of each stage end: every test of every stage in one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.history.episodes import StageEpisodes
from funnelml.language import Language, say
from funnelml.survival.causes import CAUSES
from funnelml.survival.nonparametric.gray import gray_test
from funnelml.survival.nonparametric.group_test import WORDS, GroupTest
from funnelml.survival.nonparametric.log_rank import log_rank_test
from funnelml.survival.nonparametric.record_groups import Groups, group_stays
from funnelml.survival.nonparametric.words import list_few, name_outcome

ALL_STAGES: Final = "all stages"
"""Name of the rows in which stays are compared within each stage, and all stages count."""
ERROR_CHANCE: Final = 0.05
"""Chance to find any difference, by one kind of test in all stages, where there is none."""


@dataclass(frozen=True, kw_only=True)
class StageGroupTests:
    """Tests whether groups differ, stage by stage and over all stages.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per ``stage`` (and ``"all stages"``, stratified by stage), ``outcome`` and ``test``: ``log_rank`` of
        ``any`` end (pace) and of each outcome (its daily rate among those still there), ``gray`` of each outcome (the
        chance to end so by each day). ``statistic, degrees, p_value``; ``p_adjusted`` (Holm, over all rows of the same
        kind of test); ``groups, stays, events``; ``variance`` (``records`` where one has several stays, else
        ``stays``); ``why`` (why there is no answer; empty if there is one).
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``table``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return where groups differ by more than chance, all tests taken together; or why that cannot be told."""
        answered = self.table[self.table["why"] == ""]
        if answered.empty:
            why = str(self.table["why"].iloc[0])
            return say(language, en=f"No answer: {WORDS[why][0]}.", zh=f"无结果：{WORDS[why][1]}。")
        # Where Gray's test has no answer, the rates of the outcome are compared instead.
        best = answered.sort_values("test").drop_duplicates(["stage", "outcome"])
        found = best[best["p_adjusted"] < ERROR_CHANCE].sort_values("p_adjusted", kind="stable")
        text = say(language, en="No difference beyond chance between the groups.", zh="分组之间没有超出偶然的差异。")
        if len(found):
            names = [
                self._name(row["stage"], row["outcome"], row["p_adjusted"], language) for _, row in found.iterrows()
            ]
            text = say(
                language,
                en=f"Groups differ by more than chance in {list_few(names, 'en')}.",
                zh=f"分组差异超出偶然：{list_few(names, 'zh')}。",
            )
        late = (self.table["why"] == "late_entry").any()
        return text + (
            say(
                language,
                en=" Some stays came under observation late, so that rates are compared there, not shares.",
                zh="部分停留进入观察较晚，因此比较的是速率而非占比。",
            )
            if late
            else ""
        )

    def _name(self, stage: str, outcome: str, p_value: float, language: Language) -> str:
        place = say(language, en=ALL_STAGES, zh="所有阶段") if stage == ALL_STAGES else stage
        what = say(language, en="pace", zh="快慢") if outcome == "any" else name_outcome(outcome, language)
        sure = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
        return say(language, en=f"{place}, {what} ({sure})", zh=f"{place}的{what}（{sure}）")


def compare_stage_groups(episodes: StageEpisodes, by: Groups) -> StageGroupTests:
    """Test whether groups of records differ in how and when the stays of each stage end.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on a date.
    by : pandas.Series, mapping, sequence or numpy.ndarray
        Groups: by record id (series or mapping), or one for each stay. They must have been known before the stays
        ended, or the comparison answers itself.

    Returns
    -------
    StageGroupTests

    Raises
    ------
    NotEnoughDataError
        If there is no stay at all.
    InputError
        If a stay has no group.

    Notes
    -----
    Where a record has several of the stays, the log-rank test takes records as independent, not stays. Gray's test
    cannot: with many returns to a stage it finds a little more than there is. p-values are adjusted for the number of
    tests of the same kind (Holm, Scandinavian Journal of Statistics 6, 1979).
    """
    stays = episodes.table
    if stays.empty:
        raise NotEnoughDataError(
            f"no stay in an open stage of funnel '{episodes.funnel.name}' is known by {episodes.as_of}; two groups "
            "with ten ends each are a beginning"
        )
    stays = stays.assign(group=group_stays(episodes, by))
    rows = []
    for stage in (*episodes.funnel.stages, ALL_STAGES):
        here = stays if stage == ALL_STAGES else stays[stays["stage"] == stage]
        if len(here):
            rows += [{"stage": stage, "outcome": outcome} | _row(test) for outcome, test in _tests(here)]
    table = pd.DataFrame(rows)
    table["p_adjusted"] = table.groupby("test")["p_value"].transform(_holm)
    columns = ["statistic", "degrees", "p_value", "p_adjusted", "groups", "stays", "events", "variance", "why"]
    return StageGroupTests(table=table[["stage", "outcome", "test", *columns]])


def _tests(stays: pd.DataFrame) -> Iterator[tuple[str, GroupTest]]:
    duration, event, group = stays["duration_days"], stays["event"], stays["group"]
    entry, stage, record = stays["from_age_days"], stays["stage"], stays["record_id"]
    owner = record if record.duplicated().any() else None
    for code, outcome in enumerate(("any", *CAUSES)):
        causes = [code] if code else None
        rate = log_rank_test(duration, event, group, entry=entry, cluster=owner, stratum=stage, causes=causes)
        yield outcome, rate
        if not code:
            continue
        if (entry > 0).any():
            blank = replace(rate, test="gray", variance="stays", statistic=np.nan, p_value=np.nan, degrees=0)
            yield outcome, replace(blank, why=rate.why or "late_entry")
        else:
            yield outcome, gray_test(duration, event, group, cause=code, stratum=stage)


def _row(test: GroupTest) -> dict[str, object]:
    return {
        "test": test.test,
        "statistic": test.statistic,
        "degrees": test.degrees,
        "p_value": test.p_value,
        "groups": len(test.groups),
        "stays": int(test.groups["stays"].sum()),
        "events": int(test.groups["observed"].sum()),
        "variance": test.variance,
        "why": test.why,
    }


def _holm(p_values: pd.Series[float]) -> pd.Series[float]:
    known = p_values.dropna().sort_values(kind="stable")
    steps = known * np.arange(len(known), 0, -1)
    return steps.cummax().clip(upper=1.0).reindex(p_values.index)
