"""Points of records by the rules of a BANT score; what is not known is not zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, did_you_mean, first_few
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.bant.rules import BantRule, BantRules, name_part
from funnelml.scoring.models.columns import as_texts, is_number

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class BantScores:
    """Points of every record, by part.

    Parameters
    ----------
    rules : BantRules
        The rules.
    table : pandas.DataFrame
        One row per record: ``record_id``, one column per part that has a rule (points; NaN if none of its fields is
        filled), ``total`` (of the known parts; NaN if no part is known), ``at_most`` (``total``, if every unknown part
        had all its points), ``unknown`` (names of the unknown parts, with commas between).
    by_rule : pandas.DataFrame
        One row per rule: ``part, rule`` (in words), ``points, held`` (records that meet it), ``unknown`` (records whose
        field is empty).
    """

    rules: BantRules
    table: pd.DataFrame
    by_rule: pd.DataFrame

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return ``table`` with what is unknown in words: ``budget unknown``."""
        words = {
            codes: join_words([name_part(code, language) for code in codes.split(",")], language)
            + say(language, en=" unknown", zh="未知")
            for codes in self.table["unknown"].unique()
            if codes
        }
        return self.table.assign(unknown=self.table["unknown"].map(words).fillna(""))

    def summary(self, language: Language = "en") -> str:
        """Return the rules, the mean of the points, how often each part is unknown, and rules that no record meets."""
        n = len(self.table)
        if not n:
            return self.rules.describe(language)
        known = self.table["total"].dropna()
        empty = [
            f"{name_part(part, language)} {share(float(self.table[part].isna().mean()))}"
            for part in self.rules.parts
            if self.table[part].isna().any()
        ]
        idle = list(self.by_rule.loc[self.by_rule["held"] == 0, "rule"])
        if language == "zh":
            idle = [
                r.describe("zh") for r, held in zip(self.rules.rules, self.by_rule["held"], strict=True) if not held
            ]
        told = [self.rules.describe(language)]
        if len(known):
            told.append(
                say(
                    language,
                    en=f"{len(known):,} of {n:,} records have {known.mean():.0f} points on average.",
                    zh=f"{n:,} 条记录中有 {len(known):,} 条可评分，平均 {known.mean():.0f} 分。",
                )
            )
        if empty:
            told.append(say(language, en=f"Unknown: {join_words(empty)}.", zh=f"未知比例：{join_words(empty, 'zh')}。"))
        if idle:
            told.append(
                say(
                    language, en=f"No record meets: {join_words(idle)}.", zh=f"没有记录满足：{join_words(idle, 'zh')}。"
                )
            )
        return say(language, en=" ", zh="").join(told)


def score_bant(features: pd.DataFrame, rules: BantRules, *, record_id: ArrayLike | None = None) -> BantScores:
    """Give records their points.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, k)
        What is known of each record.
    rules : BantRules
        The rules.
    record_id : array_like, shape (n,), optional
        The records; the index of ``features`` by default.

    Returns
    -------
    BantScores

    Raises
    ------
    ModelInputError
        If a rule names a field that is not there, or holds numbers against texts.
    """
    met = [_meet(features, rule) for rule in rules.rules]
    points: dict[str, NDArray[np.float64]] = {}
    for part in rules.parts:
        total, known = np.zeros(len(features)), np.zeros(len(features), dtype=bool)
        for field in rules.of(part):
            mine = [k for k, rule in enumerate(rules.rules) if (rule.part, rule.field) == (part, field)]
            total += np.max([np.where(met[k][0], rules.rules[k].points, 0.0) for k in mine], axis=0)
            known |= met[mine[0]][1]
        points[part] = np.where(known, total, np.nan)
    table = pd.DataFrame(points, index=range(len(features)))
    unknown = table.isna()
    full = np.array([rules.most(part) for part in rules.parts])
    table["total"] = table.sum(axis=1, min_count=1)
    table["at_most"] = table["total"].fillna(0) + unknown.to_numpy() @ full
    # There are at most sixteen patterns, so the words are made once each.
    patterns, which = np.unique(unknown.to_numpy(), axis=0, return_inverse=True)
    words = [",".join(part for part, gone in zip(rules.parts, pattern, strict=True) if gone) for pattern in patterns]
    table["unknown"] = np.array(words, dtype=object)[np.ravel(which)] if words else pd.Series(dtype=object)
    ids = features.index if record_id is None else record_id
    table.insert(0, "record_id", np.asarray(pd.Series(ids, dtype=object), dtype=object))
    by_rule = pd.DataFrame(
        {
            "part": [rule.part for rule in rules.rules],
            "rule": [rule.describe() for rule in rules.rules],
            "points": [rule.points for rule in rules.rules],
            "held": [int(holds.sum()) for holds, _ in met],
            "unknown": [int((~known).sum()) for _, known in met],
        }
    )
    return BantScores(rules=rules, table=table, by_rule=by_rule)


def _meet(features: pd.DataFrame, rule: BantRule) -> tuple[BoolArray, BoolArray]:
    """Return for which rows the rule holds, and for which its field is filled."""
    name = f"BANT rule '{rule.part}: {rule.describe()}'"
    if rule.field not in features:
        hint = did_you_mean(rule.field, map(str, features.columns))
        raise ModelInputError(f"{name}: no field '{rule.field}'{hint} among the {features.shape[1]:,} features")
    values = features[rule.field]
    known = values.notna().to_numpy()
    if not (rule.is_range or rule.is_one_of) or not known.any():
        return known, known
    numeric = is_number(values)
    if rule.is_range and not numeric:
        raise ModelInputError(
            f"{name}: field '{rule.field}' holds texts "
            f"({first_few(as_texts(values).dropna().unique())}); use is_one_of, or filled = true"
        )
    if rule.is_range:
        numbers = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
        low = -np.inf if rule.at_least is None else rule.at_least
        high = np.inf if rule.at_most is None else rule.at_most
        return (numbers >= low) & (numbers <= high), known
    if numeric:
        wanted = pd.to_numeric(pd.Series(rule.is_one_of), errors="coerce")
        if wanted.isna().any():
            raise ModelInputError(f"{name}: field '{rule.field}' holds numbers; use at_least or at_most")
        return values.isin(wanted).to_numpy() & known, known
    texts = as_texts(values)
    folded = {text: _fold(text) for text in texts.dropna().unique()}
    return texts.map(folded).isin([_fold(str(value)) for value in rule.is_one_of]).to_numpy() & known, known


def _fold(text: str) -> str:
    return text.strip().casefold()
