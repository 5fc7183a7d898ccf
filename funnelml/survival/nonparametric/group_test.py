"""The result of a test whether groups of stays differ, and the chi-square behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from funnelml.errors import ModelInputError
from funnelml.language import Language, join_words, say
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stays import refuse

Why = Literal["", "one_group", "no_event", "never_together", "late_entry"]
WORDS: Final[dict[str, tuple[str, str]]] = {
    "one_group": ("there is only one group; two are needed", "只有一个分组，至少需要两个"),
    "no_event": ("no stay ended so; one end in a stage with two groups at risk is needed", "没有停留以此方式结束"),
    "never_together": (
        "no stay ended while two groups were at risk; groups must be seen at the same ages",
        "没有停留在两个分组同时处于风险中时结束，各分组须在相同停留天数上被观察",
    ),
    "late_entry": (
        "some stays came under observation late, for which Gray's test is not defined; see the log-rank test",
        "部分停留进入观察较晚，Gray 检验不适用，请看对数秩检验",
    ),
}
"""Why there is no answer."""
NAMES: Final = {"log_rank": ("Log-rank test", "对数秩检验"), "gray": ("Gray's test", "Gray 检验")}


@dataclass(frozen=True, kw_only=True)
class GroupTest:
    """Whether groups of stays differ by more than chance.

    Parameters
    ----------
    test : {"log_rank", "gray"}
        Which test.
    statistic, p_value : float
        Chi-square and its p-value; NaN where there is no answer.
    degrees : int
        Degrees of freedom: groups that were at risk together, less one.
    variance : {"stays", "records"}
        Whether stays or whole records were taken as independent.
    groups : pandas.DataFrame
        One row per group: ``group, stays, observed`` (events) and ``expected`` of it if all groups were alike.
    why : str
        Why there is no answer: ``one_group, no_event, never_together, late_entry``; empty if there is one.
    """

    test: Literal["log_rank", "gray"]
    statistic: float
    degrees: int
    p_value: float
    variance: Literal["stays", "records"]
    groups: pd.DataFrame
    why: Why

    def to_frame(self) -> pd.DataFrame:
        """Return ``groups``."""
        return self.groups

    def summary(self, language: Language = "en") -> str:
        """Return the p-value in words, and which groups left more often than expected; or why there is no answer."""
        english, chinese = NAMES[self.test]
        if self.why:
            return say(
                language,
                en=f"{english}: no answer, {WORDS[self.why][0]}.",
                zh=f"{chinese}：无结果，{WORDS[self.why][1]}。",
            )
        often = self.groups[self.groups["observed"] > self.groups["expected"]]
        names = [f"{row['group']} ({row['observed']:,.4g} / {row['expected']:,.4g})" for _, row in often.iterrows()]
        return say(
            language,
            en=f"{english}: chi-square {self.statistic:.2f} on {self.degrees} degrees of freedom, "
            f"p = {self.p_value:.3g}; more ends than expected in {join_words(names)}.",
            zh=f"{chinese}：卡方值 {self.statistic:.2f}，自由度 {self.degrees}，p = {self.p_value:.3g}；"
            f"多于预期的分组（实际 / 预期）：{join_words(names, 'zh')}。",
        )


def read_groups(group: ArrayLike, n: int) -> tuple[IntArray, list[object]]:
    """Return the number of the group of each stay, and the groups in their order.

    Raises
    ------
    ModelInputError
        If there is not one group for each stay, or one is missing.
    """
    names = pd.Series(list(group) if not np.isscalar(group) else [], dtype=object)  # type: ignore[arg-type]
    if len(names) != n:
        raise ModelInputError(f"group must hold one name for each of {n:,} stays, not {len(names):,}")
    refuse(names.isna().to_numpy(), "group is missing", "give each stay a group, such as 'unknown'")
    known = sorted(names.unique(), key=str)
    return names.map({name: i for i, name in enumerate(known)}).to_numpy(dtype=np.int64), known


def conclude(
    test: Literal["log_rank", "gray"],
    *,
    score: FloatArray,
    covariance: FloatArray,
    variance: Literal["stays", "records"],
    names: list[object],
    stays: FloatArray,
    observed: FloatArray,
) -> GroupTest:
    """Return the test of scores (observed less expected of each group) that are zero on average if groups are alike."""
    groups = pd.DataFrame({"group": names, "stays": stays, "observed": observed, "expected": observed - score})
    why: Why = ""
    if int((stays > 0).sum()) < 2:
        why = "one_group"
    elif not observed.sum() > 0:
        why = "no_event"
    rank = 0
    if not why:
        values, vectors = np.linalg.eigh(covariance)
        kept = values > 1e-10 * max(float(values.max()), 1e-300)
        rank = int(kept.sum()) if values.max() > 1e-12 * float(observed.sum()) else 0
        if rank == 0:
            why = "never_together"
    if why:
        return GroupTest(
            test=test, statistic=np.nan, degrees=0, p_value=np.nan, variance=variance, groups=groups, why=why
        )
    along = vectors[:, kept].T @ score
    statistic = float((along**2 / values[kept]).sum())
    return GroupTest(
        test=test,
        statistic=statistic,
        degrees=rank,
        p_value=float(chi2.sf(statistic, rank)),
        variance=variance,
        groups=groups,
        why="",
    )
