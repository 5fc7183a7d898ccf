"""The result: a verdict on every open record, with its reason, the next step, and the days-per-stage rule beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError, did_you_mean
from funnelml.language import Language, join_words, say, share, short_amount
from funnelml.survival.stall.days_rule import DaysRule
from funnelml.survival.stall.next_steps import NEXT_STEPS, ON_COURSE, describe_steps, name_step
from funnelml.survival.stall.reasons import tell_reason, tell_similar
from funnelml.survival.stall.verdict_rules import (
    HEALTHY,
    STALLED,
    UNKNOWN,
    VERDICTS,
    ZOMBIE,
    describe_rules,
    name_verdict,
)


@dataclass(frozen=True, kw_only=True)
class StallVerdicts:
    """A verdict on every record of one funnel that is open on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Name of the funnel.
    currency : str
        Reporting currency.
    win_days : float
        Days of the horizon within which a record is to be won.
    floor : float
        Chance to be won within the horizon under which a record is hopeless.
    days_rule : DaysRule
        The days per stage that stand beside the verdict.
    table : pandas.DataFrame
        One row per open record: ``record_id, stage, owner, amount, age_days``; ``read_at_days``: the age at which its
        chances are read, a younger one if not ``observed``; ``percentile`` of its age among past stays that went on,
        that is advanced or were won (NaN: nobody was followed so long, or went on); ``move_14, move_30, move_60``
        chance to go on, ``leave_14, leave_30, leave_60`` to leave the stage in any way within these days;
        ``fresh_move_30`` had it just entered; ``lost_60``; ``won`` within the horizon, ``won_upper`` its upper bound
        (95 %, one-sided); ``days_left`` expected in the stage, ``days_left_at_least`` if some stay beyond what is
        counted; ``floor_in_days`` after which ``won`` is under the floor if it still sits there (NaN: not within what
        is observed); ``observed``: five past stays were followed 30 days beyond its age; ``won_observed``: one was to
        the end of the horizon; ``thin``: the chances are read from all stages; ``verdict, next_step``; ``days_limit,
        over_days_limit`` of the rule; and of ``compare_similar`` how similar cases fared.
    too_short : tuple of str
        Stages in which no record is called a zombie, since fresh ones do not reach the floor within the horizon either.
    """

    as_of: date
    funnel: str
    currency: str
    win_days: float
    floor: float
    days_rule: DaysRule
    table: pd.DataFrame
    too_short: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.table)

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per open record, with ``win_floor_date``, ``reason`` and ``similar_cases`` in words.

        ``win_floor_date`` is the first day on which the chance to be won is under the floor; None if there is none.
        """
        rows = [{str(name): value for name, value in row.items()} for row in self.table.to_dict("records")]
        floor_dates = pd.Series([self._floor_date(row["floor_in_days"]) for row in rows], index=self.table.index)
        return self.table.assign(
            win_floor_date=floor_dates.astype(object).where(floor_dates.notna(), None),
            reason=[tell_reason(row, floor=self.floor, win_days=self.win_days, language=language) for row in rows],
            similar_cases=[tell_similar(row, language) for row in rows],
        )

    def row(self, record_id: str) -> dict[str, Any]:
        """Return the row of one record by name of the column.

        Raises
        ------
        ModelInputError
            If the record is not open.
        """
        mine = self.table[self.table["record_id"] == record_id]
        if mine.empty:
            hint = did_you_mean(str(record_id), self.table["record_id"])
            raise ModelInputError(f"record '{record_id}' is not open on {self.as_of}{hint}")
        return {str(name): value for name, value in mine.iloc[0].items()}

    def explain(self, record_id: str, language: Language = "en") -> str:
        """Return verdict, reason, next step and how similar cases fared, of one record.

        Raises
        ------
        ModelInputError
            If the record is not open.
        """
        row = self.row(record_id)
        verdict, step = name_verdict(row["verdict"], language), name_step(row["next_step"], language)
        told = [
            say(language, en=f"{record_id} is {verdict}.", zh=f"{record_id}：{verdict}。"),
            tell_reason(row, floor=self.floor, win_days=self.win_days, language=language),
            say(language, en=f"Next step: {step}.", zh=f"下一步：{step}。"),
            tell_similar(row, language),
        ]
        return say(language, en=" ", zh="").join(told)

    def rules(self, language: Language = "en") -> str:
        """Return the rules of verdicts and next steps, in words."""
        of_verdicts = describe_rules(floor=self.floor, win_days=self.win_days, language=language)
        return say(language, en=" ", zh="").join((of_verdicts, describe_steps(floor=self.floor, language=language)))

    def summary(self, language: Language = "en") -> str:
        """Return how many records have each verdict, what is to be done, and what the days-per-stage rule would say."""
        if not len(self):
            return say(
                language,
                en=f"No record of funnel '{self.funnel}' is open on {self.as_of}.",
                zh=f"{self.as_of} 漏斗“{self.funnel}”没有未结记录。",
            )
        told = [self._verdicts(language), self._steps(language), self._beside(language), self._limits(language)]
        return say(language, en=" ", zh="").join(text for text in told if text)

    def _floor_date(self, days_ahead: float) -> date | None:
        # The first day that is not known is the first on which anything can be so.
        return None if np.isnan(days_ahead) else self.as_of + timedelta(days=int(days_ahead) + (days_ahead > 0))

    def _verdicts(self, language: Language) -> str:
        told = []
        for verdict in VERDICTS[::-1]:
            mine = self.table[self.table["verdict"] == verdict]
            if len(mine):
                worth = short_amount(float(mine["amount"].sum()), self.currency, language)
                has = bool(mine["amount"].notna().any())
                name = name_verdict(verdict, language)
                told.append(
                    say(
                        language,
                        en=f"{len(mine):,} {name}" + (f" (worth {worth})" if has else ""),
                        zh=f"{name} {len(mine):,} 条" + (f"（金额 {worth}）" if has else ""),
                    )
                )
        return say(
            language,
            en=f"Of {len(self):,} open records on {self.as_of}: {join_words(told)}.",
            zh=f"截至 {self.as_of}，{len(self):,} 条未结记录中：{join_words(told, 'zh')}。",
        )

    def _steps(self, language: Language) -> str:
        counts = self.table["next_step"].value_counts()
        told = [
            say(language, en=f"{name_step(s)} {counts[s]:,}", zh=f"{name_step(s, 'zh')} {counts[s]:,} 条")
            for s in NEXT_STEPS[::-1]
            if s != ON_COURSE and s in counts
        ]
        if not told:
            return say(language, en="There is nothing to do.", zh="无需处理。")
        return say(language, en=f"Next steps: {join_words(told)}.", zh=f"下一步：{join_words(told, 'zh')}。")

    def _beside(self, language: Language) -> str:
        over = self.table["over_days_limit"].to_numpy(dtype=bool)
        bad = self.table["verdict"].isin((STALLED, ZOMBIE)).to_numpy()
        well = (self.table["verdict"] == HEALTHY).to_numpy()
        rule = self.days_rule.describe(language)
        if not self.table["days_limit"].notna().any():
            return say(
                language,
                en=f"The days-per-stage rule, {rule}, has no days for any of their stages, so it flags none.",
                zh=f"“每阶段天数”规则（{rule}）在这些阶段尚无可用的天数，因此不作标记。",
            )
        return say(
            language,
            en=f"The days-per-stage rule, {rule}, flags {int(over.sum()):,}: {int((over & well).sum()):,} of them are "
            f"healthy by the verdict, and {int((bad & ~over).sum()):,} stalled or zombies are not among them.",
            zh=f"按“每阶段天数”规则（{rule}）会标出 {int(over.sum()):,} 条：其中 {int((over & well).sum()):,} 条"
            f"按本判定正常，另有 {int((bad & ~over).sum()):,} 条停滞或僵尸未被标出。",
        )

    def _limits(self, language: Language) -> str:
        told = []
        unseen = int((~self.table["observed"]).sum())
        if unseen:
            told.append(
                say(
                    language,
                    en=f"{unseen:,} are older than enough records were followed: they are judged by the greatest age "
                    "that was.",
                    zh=f"{unseen:,} 条停留已超出以往足够的观察范围，按已观察到的最大停留天数判断。",
                )
            )
        if (self.table["verdict"] == UNKNOWN).any():
            stages = pd.unique(self.table.loc[self.table["verdict"] == UNKNOWN, "stage"])
            told.append(
                say(
                    language,
                    en=f"Nobody was seen to go on from {join_words(list(stages))}, so no verdict is given there.",
                    zh=f"尚无记录从{join_words(list(stages), 'zh')}推进，因此不作判定。",
                )
            )
        if self.too_short:
            far = f"{self.win_days:g}"
            told.append(
                say(
                    language,
                    en=f"Within {far} days fewer than {share(self.floor)} of fresh records are won from "
                    f"{join_words(self.too_short)}: none there is called a zombie; choose a longer horizon.",
                    zh=f"{join_words(self.too_short, 'zh')}的新记录在 {far} 天内赢单不足 {share(self.floor)}："
                    "该处不判僵尸，请选择更长的期限。",
                )
            )
        if not self.table["won_observed"].any() and ZOMBIE not in set(self.table["verdict"]):
            told.append(
                say(
                    language,
                    en=f"The log is too short to follow any of them for {self.win_days:g} days, so none can be called "
                    "a zombie.",
                    zh=f"日志太短，无法对任何一条跟踪 {self.win_days:g} 天，因此不判僵尸。",
                )
            )
        return say(language, en=" ", zh="").join(told)
