"""Entry criteria of stages: what must be known, or must have been done, when a record moves in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelml.errors import FunnelError, InputError, did_you_mean
from funnelml.history.funnel import Funnel
from funnelml.history.record_log import RecordLog
from funnelml.language import Language, say


@dataclass(frozen=True, kw_only=True)
class EntryCriterion:
    """What a record needs as it moves into a stage: a value in a field, or an activity of a kind.

    Parameters
    ----------
    stage : str
        The stage, or ``won`` or ``lost``.
    field : str, optional
        Field that must have a value.
    activity : str, optional
        Kind of activity that must have taken place, as the CRM calls it.

    Raises
    ------
    InputError
        If not exactly one of ``field`` and ``activity`` is given.
    """

    stage: str
    field: str | None = None
    activity: str | None = None

    def __post_init__(self) -> None:
        if (self.field is None) == (self.activity is None):
            raise InputError(
                f"entry criterion of stage '{self.stage}': give a field or an activity, one of the two "
                f"(field = {self.field!r}, activity = {self.activity!r})"
            )

    def describe(self, language: Language = "en") -> str:
        """Return what it means to miss it: ``into Proposal without amount``."""
        what = self.field or self.activity
        return say(language, en=f"into {self.stage} without {what}", zh=f"进入{self.stage}时缺少{what}")


def check_stage(criterion: EntryCriterion, funnel: Funnel) -> None:
    """Refuse a criterion of a stage that the funnel does not have.

    Raises
    ------
    FunnelError
        If there is no such stage.
    """
    if criterion.stage not in funnel.order:
        known = ", ".join(funnel.order)
        raise FunnelError(
            f"entry criterion of unknown stage '{criterion.stage}'{did_you_mean(criterion.stage, funnel.order)}; "
            f"funnel '{funnel.name}' has {known}"
        )


def why_not_judged(criterion: EntryCriterion, log: RecordLog, language: Language = "en") -> str:
    """Return why the data cannot tell whether a criterion was met, or an empty text if they can."""
    if criterion.field is not None:
        if log.has_field(criterion.field):
            return ""
        known = [*log.opportunities.columns, *log.fields["field"].unique()]
        hint = did_you_mean(criterion.field, known)
        return say(
            language, en=f"no field '{criterion.field}' in the data{hint}", zh=f"数据中没有字段“{criterion.field}”"
        )
    if log.activities is None or log.activities.empty:
        return say(language, en="no activities in the data", zh="数据中没有活动记录")
    kinds = log.activities["kind"].unique()
    if criterion.activity in kinds:
        return ""
    hint = did_you_mean(str(criterion.activity), kinds)
    return say(
        language,
        en=f"no activity of kind '{criterion.activity}' in the data{hint}",
        zh=f"数据中没有类型为“{criterion.activity}”的活动",
    )


def judge_entries(entries: pd.DataFrame, criterion: EntryCriterion, log: RecordLog) -> pd.DataFrame:
    """Judge every entry into the stage of a criterion.

    Parameters
    ----------
    entries : pandas.DataFrame
        ``record_id, to_stage, owner, entered_at, recorded_at`` of each entry into a stage.
    criterion : EntryCriterion
        What was needed.
    log : RecordLog
        What is known.

    Returns
    -------
    pandas.DataFrame
        ``record_id, owner, at, flagged`` (it was missing), one row per entry into the stage.

    Notes
    -----
    A field counts as filled if the CRM showed a value at the entry or, if that is later, when the entry was
    recorded. An activity counts if it took place by the instant of the entry, whenever it was recorded.
    """
    into = entries[entries["to_stage"] == criterion.stage].reset_index(drop=True)
    if criterion.field is not None:
        shown = into[["record_id"]].assign(at=np.maximum(into["entered_at"], into["recorded_at"]))
        values = log.values_at(shown, criterion.field)
        missing = values.isna() | (values.astype(str).str.strip() == "")
    else:
        assert log.activities is not None
        done = log.activities[log.activities["kind"] == criterion.activity]
        first = done.groupby("record_id")["occurred_at"].min().reindex(into["record_id"])
        missing = pd.Series(~(first.to_numpy() <= into["entered_at"].to_numpy()), index=into.index)
    return into[["record_id", "owner"]].assign(at=into["entered_at"], flagged=missing.to_numpy(dtype=bool))
