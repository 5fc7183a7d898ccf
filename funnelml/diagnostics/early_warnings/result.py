"""The result of the early warnings: records, rules with their record, and what it says in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from funnelml.diagnostics.early_warnings.precision import ENOUGH
from funnelml.language import Language, join_words, say, share, short_amount

_VERDICTS: Mapping[str, tuple[str, str]] = {
    "better": ("right more often than without the warning", "命中率高于未预警的记录"),
    "no_better": ("not shown to be better than without the warning", "未能证明命中率高于未预警的记录"),
    "worse": ("right less often than without the warning", "命中率低于未预警的记录"),
}
_STAGE_NAMES: Mapping[str, tuple[str, str]] = {
    "conversion_drop": ("conversion of its stage dropped", "所在阶段转化率下降"),
    "pile_up": ("its stage piles up", "所在阶段积压"),
}
_STAGE_FAULTS: Mapping[str, tuple[str, str]] = {
    "conversion_drop": ("conversion dropped", "转化率下降"),
    "pile_up": ("piles up", "积压"),
}


@dataclass(frozen=True, kw_only=True)
class EarlyWarnings:
    """Which open records of one funnel are warned of on ``as_of``, and how far to trust each rule.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Name of the funnel.
    horizon_days : int
        Days within which a record is to go on.
    currency : str
        Reporting currency.
    open_records : int
        Open records.
    warnings : pandas.DataFrame
        One row per warning, the largest amounts first: ``record_id`` (None for a stage), ``stage, owner, amount, rule,
        reason, reason_zh, since`` (a date; None for a stage).
    rules : pandas.DataFrame
        One row per rule: ``rule, threshold, warned_now, past_warned, precision, low, high, base_records, base_rate,
        lift, verdict`` as ``measure_precision`` returns them, or ``not_judged``.
    dates : tuple of datetime.date
        Past as-of dates at which the rules were asked.
    names : mapping of str to (str, str)
        What each rule about records says, in English and Chinese.
    not_judged : mapping of str to (str, str)
        Why a rule cannot be judged, in English and Chinese.
    """

    as_of: date
    funnel: str
    horizon_days: int
    currency: str
    open_records: int
    warnings: pd.DataFrame
    rules: pd.DataFrame
    dates: tuple[date, ...]
    names: Mapping[str, tuple[str, str]]
    not_judged: Mapping[str, tuple[str, str]]

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per warning: ``record_id, stage, owner, amount, rule, reason, since``."""
        told = self.warnings
        if language == "zh":
            told = told.assign(reason=told["reason_zh"])
        return told.drop(columns="reason_zh")

    def rules_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return ``rules`` with ``name`` and ``verdict`` in words."""
        names = [self.name(rule, language) for rule in self.rules["rule"]]
        verdicts = [
            self._tell_verdict(rule, verdict, int(n), language)
            for rule, verdict, n in zip(
                self.rules["rule"], self.rules["verdict"], self.rules["past_warned"], strict=True
            )
        ]
        return self.rules.assign(name=names, verdict=verdicts)

    def name(self, rule: str, language: Language = "en") -> str:
        """Return what a rule is called for a person."""
        known = {**_STAGE_NAMES, **self.names}
        return known[rule][language == "zh"] if rule in known else rule.replace("_", " ")

    def summary(self, language: Language = "en") -> str:
        """Return how many records carry a warning, which stages do, which rule to trust, and which cannot be judged."""
        return say(language, en=" ", zh="").join(
            s for s in (self._now(language), self._stages(language), self._best(language), self._rest(language)) if s
        )

    def _tell_verdict(self, rule: str, verdict: str, past: int, language: Language) -> str:
        if verdict == "not_judged":
            en, zh = self.not_judged[rule]
            return say(language, en=f"cannot be judged: {en}", zh=f"无法判断：{zh}")
        if verdict == "too_few":
            return say(
                language,
                en=f"too few: {past:,} past warnings, {ENOUGH} and as many records without would be enough",
                zh=f"样本太少：过去 {past:,} 次预警，需至少 {ENOUGH} 次及同样多的未预警记录",
            )
        return _VERDICTS[verdict][language == "zh"]

    def _now(self, language: Language) -> str:
        if not self.open_records:
            return say(
                language,
                en=f"No record of funnel '{self.funnel}' is open on {self.as_of}, so none can carry a warning.",
                zh=f"{self.as_of} 漏斗“{self.funnel}”没有未结记录，因此没有记录需要预警。",
            )
        warned = self.warnings.dropna(subset="record_id").drop_duplicates("record_id")
        if warned.empty:
            return say(
                language,
                en=f"None of the {self.open_records:,} open records carries a warning.",
                zh=f"{self.open_records:,} 条未结记录均无预警。",
            )
        n, known = len(warned), warned["amount"].notna().any()
        worth = [short_amount(warned["amount"].sum(), self.currency, lang) for lang in ("en", "zh")]
        return say(
            language,
            en=f"{n:,} of {self.open_records:,} open records"
            + (f", worth {worth[0]}," if known else "")
            + (" carry a warning." if n > 1 else " carries a warning."),
            zh=f"{self.open_records:,} 条未结记录中有 {n:,} 条"
            + (f"（金额合计 {worth[1]}）" if known else "")
            + "带有预警。",
        )

    def _stages(self, language: Language) -> str:
        rows = self.warnings[self.warnings["record_id"].isna()]
        faults: dict[str, list[str]] = {}
        for stage, rule in zip(rows["stage"], rows["rule"], strict=True):
            fault = _STAGE_FAULTS[rule][language == "zh"] if rule in _STAGE_FAULTS else self.name(rule, language)
            faults.setdefault(str(stage), []).append(fault)
        if not faults:
            return ""
        told = [
            say(language, en=f"{stage} ({join_words(why)})", zh=f"{stage}（{join_words(why, 'zh')}）")
            for stage, why in faults.items()
        ]
        return say(language, en=f"Stages warned of: {join_words(told)}.", zh=f"预警的阶段：{join_words(told, 'zh')}。")

    def _best(self, language: Language) -> str:
        if not self.open_records:
            return ""
        better = self.rules[self.rules["verdict"] == "better"]
        if better.empty:
            return say(
                language,
                en="No rule has yet proved right more often than it is for records without its warning.",
                zh="尚无规则的命中率被证明高于未预警的记录，仅供参考。",
            )
        row = better.sort_values("lift", kind="stable").iloc[-1]
        right, base = share(float(row["precision"])), share(float(row["base_rate"]))
        return say(
            language,
            en=f"Trust '{self.name(row['rule'])}' most: {right} of the {row['past_warned']:,} records it warned of "
            f"before were lost or had not moved on within {self.horizon_days} days, against {base} of records in the "
            "same stages without the warning.",
            zh=f"最可信的是“{self.name(row['rule'], 'zh')}”：过去预警的 {row['past_warned']:,} 条记录中，{right} 在 "
            f"{self.horizon_days} 天内输单或没有推进，而同阶段未预警的记录为 {base}。",
        )

    def _rest(self, language: Language) -> str:
        told = []
        for verdict in ("no_better", "worse"):
            lead_en, lead_zh = _VERDICTS[verdict]
            weak = self.rules.loc[self.rules["verdict"] == verdict, "rule"]
            names = [say(language, en=f"'{self.name(r)}'", zh=f"“{self.name(r, 'zh')}”") for r in weak]
            if names:
                told.append(
                    say(
                        language,
                        en=f"{lead_en.capitalize()}: {join_words(names)}.",
                        zh=f"{lead_zh}：{join_words(names, 'zh')}。",
                    )
                )
        if self.not_judged:
            why = [
                say(language, en=f"'{self.name(r)}' ({en})", zh=f"“{self.name(r, 'zh')}”（{zh}）")
                for r, (en, zh) in self.not_judged.items()
            ]
            told.append(
                say(language, en=f"Cannot be judged: {join_words(why)}.", zh=f"无法判断：{join_words(why, 'zh')}。")
            )
        return say(language, en=" ", zh="").join(told)
