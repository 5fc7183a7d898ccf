"""The model in use against the one learned today, on the same past dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sklearn.base import clone

from funnelml.errors import NotEnoughDataError
from funnelml.history.history import History
from funnelml.language import join_words
from funnelml.runs.scoring.unanswered import UnansweredError, why_not
from funnelml.scoring.evaluation.class_counts import NO_MODEL_UNDER, count_classes
from funnelml.scoring.learn import LearnedScore
from funnelml.scoring.monitoring.challenge import OLD_DAYS, Challenge, challenge
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.why_not import WhyNot

_FIRST = WhyNot(en="no model was in use before", zh="此前没有启用的模型")


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The model in use.

    Parameters
    ----------
    model : ScoreModel
        The model.
    model_id : str
        Its name in the store.
    as_of : datetime.date
        Last day that was known when it was learned.
    """

    model: ScoreModel
    model_id: str
    as_of: date


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Who won.

    Parameters
    ----------
    winner : ScoreModel
        The model whose scores go out.
    winner_id : str or None
        Its name in the store; None if it is the one learned today.
    result : callable
        Returns the comparison, or raises why there is none.
    """

    winner: ScoreModel
    winner_id: str | None
    result: Callable[[], Any]


def hold_contest(
    champion: Champion | None,
    learned: LearnedScore,
    rows: ScoringRows,
    *,
    history: History,
    as_of: date,
    seed: int,
    why_no_champion: WhyNot | None = None,
) -> Contest:
    """Let the model learned today challenge the one in use.

    Parameters
    ----------
    champion : Champion, optional
        The model in use.
    learned : LearnedScore
        What was learned today.
    rows : ScoringRows
        Labelled rows with all features, those that ``learned`` came from.
    history : History
        Where days begin.
    as_of : datetime.date
        Last day that is known.
    seed : int
        Seed of the paired bootstrap.
    why_no_champion : WhyNot, optional
        Why there is no champion although a model is in use.

    Notes
    -----
    Judged are rows that neither has learned from: the newest, from the day on which the champion was learned. For them
    today's recipe learns anew from the labels that were known when they begin, so that neither knows more. While there
    are none, or too few, the champion stays for up to 180 days. One that asks for fields which are not there any more,
    or are left out now, goes. One that was learned after ``as_of`` is none of that day.
    """
    if champion is not None and champion.as_of > as_of:
        why_no_champion = WhyNot(
            en=f"the model in use was learned on {champion.as_of} and knows more than was known on {as_of}",
            zh=f"现用模型截至 {champion.as_of}，比 {as_of} 当时所知更多",
        )
        champion = None
    if champion is None:
        return _without_contest(learned, why_no_champion or _FIRST)
    gone = [field for field in champion.model.features if field not in learned.rows.features]
    if gone:
        return _without_contest(learned, _tell_replaced(gone))
    found: Callable[[], Any]
    try:
        result = _compare(champion, learned, rows, history, as_of, seed)
        keeps, found = result.decision == "keep", lambda: result
    except NotEnoughDataError as error:
        # What cannot be compared is kept for half a year, not for ever.
        keeps = (as_of - champion.as_of).days < OLD_DAYS
        found = _refuse(_tell_what_follows(why_not(error), keeps))
    if keeps:
        return Contest(winner=champion.model, winner_id=champion.model_id, result=found)
    return Contest(winner=learned.model, winner_id=None, result=found)


def _without_contest(learned: LearnedScore, why: WhyNot) -> Contest:
    return Contest(winner=learned.model, winner_id=None, result=_refuse(why))


def _compare(
    champion: Champion, learned: LearnedScore, rows: ScoringRows, history: History, as_of: date, seed: int
) -> Challenge:
    judged_from = learned.evaluation.main.test_from
    assert rows.at is not None and judged_from is not None
    begin = max(judged_from, history.cut(champion.as_of))
    on = rows.take(rows.at >= begin)
    assert on.label is not None
    if not len(on):
        raise UnansweredError(
            WhyNot(
                en=f"no outcome is known yet of records seen since the model in use was learned ({champion.as_of})",
                zh=f"现用模型训练之后（{champion.as_of}）评分的记录尚无已知结果",
            )
        )
    if (few := count_classes(on.label, record_id=on.record_id)).rarer < NO_MODEL_UNDER:
        raise UnansweredError(
            WhyNot(
                en=f"of the records seen since the model in use was learned ({champion.as_of}) only {few.rarer} have "
                f"the rarer outcome; {NO_MODEL_UNDER} would do to compare",
                zh=f"现用模型训练之后（{champion.as_of}）的记录中，较少的一类结果只有 {few.rarer} 条；"
                f"比较需要 {NO_MODEL_UNDER} 条",
            )
        )
    before = learned.rows.known_by(begin)
    assert before.label is not None
    # the calibration of today was fitted on the rows that are judged here
    recipe = replace(learned.model.scorer.recipe_, calibration=(1.0, 0.0))
    challenger = clone(learned.model.scorer).set_params(recipe=recipe)
    challenger.fit(before.features, before.label, at=before.at, groups=before.record_id)
    return challenge(
        champion.model.predict_proba(on.features)[:, 1],
        challenger.predict_proba(on.features[list(learned.model.features)])[:, 1],
        on.label,
        record_id=on.record_id,
        champion_age_days=(as_of - champion.as_of).days,
        seed=seed,
    )


def _tell_replaced(gone: list[str]) -> WhyNot:
    return WhyNot(
        en="the model in use is replaced: it uses fields that are not there any more, or are left out now: "
        f"{join_words(gone)}",
        zh=f"现用模型已被替换：它所用的字段已不存在或现已剔除：{join_words(gone, 'zh')}",
    )


def _tell_what_follows(why: WhyNot, keeps: bool) -> WhyNot:
    stays = "the model in use stays", "沿用现用模型"
    goes = (
        f"it is {OLD_DAYS} days old or more and is replaced uncompared",
        f"该模型已满 {OLD_DAYS} 天，未经比较即被替换",
    )
    en, zh = stays if keeps else goes
    return WhyNot(en=f"{why.en}; {en}", zh=f"{why.zh}；{zh}")


def _refuse(why: WhyNot) -> Callable[[], Any]:
    def refuse() -> Any:
        raise UnansweredError(why)

    return refuse
