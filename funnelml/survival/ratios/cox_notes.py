"""What stands in the way of a Cox model, told in English and in Chinese: too few events, separation, equal columns."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import join_words
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.nonparametric.words import list_few, name_outcome
from funnelml.survival.ratios.design import Design
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

Notes = tuple[tuple[str, str], ...]
EQUAL: Final = 0.9999
"""Correlation from which two columns say the same."""


def note_stages(entries: StayRows) -> Notes:
    """Note stages that nobody was in, or that nobody was seen to leave."""
    assert entries.event is not None
    stays = np.bincount(entries.place, minlength=len(entries.stages))
    ended = np.bincount(entries.place, entries.event > 0, minlength=len(entries.stages))
    never = [name for name, count in zip(entries.stages, stays, strict=True) if count == 0]
    open_only = [name for name, n, left in zip(entries.stages, stays, ended, strict=True) if n and not left]
    notes = []
    if never:
        notes.append(
            (
                f"No stay was seen in {list_few(never, 'en')}: all stages together speak for it.",
                f"{list_few(never, 'zh')} 没有任何停留记录，以全部阶段代替。",
            )
        )
    if open_only:
        notes.append(
            (
                f"Every stay in {list_few(open_only, 'en')} is still running: all stages together speak for it.",
                f"{list_few(open_only, 'zh')} 的停留均未结束，以全部阶段代替。",
            )
        )
    return tuple(notes)


def note_columns(covariates: pd.DataFrame, design: Design, x: FloatArray) -> Notes:
    """Note covariates that have no column, and columns that say the same."""
    used = {number.name for number in design.numbers} | {text.name for text in design.texts}
    idle = [str(name) for name in covariates.columns if name not in used]
    notes = []
    if idle:
        notes.append(
            (
                f"Without effect, since constant or hardly ever known: {list_few(idle, 'en')}.",
                f"因取值恒定或几乎缺失而未使用：{list_few(idle, 'zh')}。",
            )
        )
    pairs = _equal_columns(x)
    if pairs:
        names = [" = ".join((design.columns[i], design.columns[j])) for i, j in pairs]
        notes.append(
            (
                f"Columns that say the same share one effect: {list_few(names, 'en')}.",
                f"含义相同的列共享一个效应：{list_few(names, 'zh')}。",
            )
        )
    return tuple(notes)


def note_causes(design: Design, x: FloatArray, entries: StayRows, effects: FloatArray, *, least: int) -> Notes:
    """Note causes with too few events, without an estimate, or that a column tells without exception."""
    assert entries.event is not None
    few, unfound, notes = [], [], []
    for k in range(N_CAUSES):
        happened = entries.event == k + 1
        count = int(happened.sum())
        if count < least:
            few.append((CAUSES[k], count))
            continue
        if x.shape[1] and not effects[k].any():
            unfound.append(CAUSES[k])
            continue
        at_risk = np.isin(entries.place, np.unique(entries.place[happened]))
        apart = [design.columns[j] for j in _separating(design, x[at_risk], happened[at_risk])]
        if apart:
            english, chinese = (name_outcome(CAUSES[k], language) for language in ("en", "zh"))
            notes.append(
                (
                    f"Without exception all or none with {list_few(apart, 'en')} {english}: "
                    "only the prior bounds the effect.",
                    f"{list_few(apart, 'zh')} 的{chinese}为全部或全无，效应仅由先验限定。",
                )
            )
    if few:
        english, chinese = (
            join_words([f"{name_outcome(cause, language)} ({count:,})" for cause, count in few], language)
            for language in ("en", "zh")
        )
        notes.insert(
            0,
            (
                f"Too few ends for effects, {least} would do: {english}; the baseline stands.",
                f"结束次数不足（需 {least} 次），不估计效应，仅用基线：{chinese}。",
            ),
        )
    if unfound:
        english, chinese = (
            join_words([name_outcome(cause, language) for cause in unfound], language) for language in ("en", "zh")
        )
        notes.append((f"No estimate was found for {english}; the baseline stands.", f"{chinese}未得到估计，仅用基线。"))
    return tuple(notes)


def _equal_columns(x: FloatArray) -> list[tuple[int, int]]:
    if not len(x):
        return []
    spread = x.std(axis=0)
    varies = np.flatnonzero(spread > 1e-9)
    if len(varies) < 2:
        return []
    scaled = (x[:, varies] - x[:, varies].mean(axis=0)) / spread[varies]
    close = np.abs(scaled.T @ scaled / len(x)) > EQUAL
    return [(int(varies[i]), int(varies[j])) for i, j in zip(*np.nonzero(np.triu(close, 1)), strict=True)]


def _separating(design: Design, x: FloatArray, happened: NDArray[np.bool_]) -> list[int]:
    """Return the columns by which events and the rest can be told apart without exception."""
    if happened.all():
        return []
    yes, no = x[happened], x[~happened]
    apart = (yes.min(axis=0) > no.max(axis=0)) | (yes.max(axis=0) < no.min(axis=0))
    # Of a value of a text: nobody with it, or nobody without it.
    yes_no = np.array([per in ("unknown", "against the average") for per, _ in design.steps], dtype=bool)
    some = (x > 0).any(axis=0) & ~(x > 0).all(axis=0)
    apart |= yes_no & some & (~(yes > 0).any(axis=0) | (yes > 0).all(axis=0))
    return [int(j) for j in np.flatnonzero(apart)]
