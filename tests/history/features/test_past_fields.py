"""Which fields may speak of the past."""

from __future__ import annotations

import pandas as pd
import pytest

from funnelml.errors import FunnelError
from funnelml.history.features.past_fields import find_past_fields
from funnelml.schema import DAY
from tests.logs import EPOCH, history_of

AS_OF = EPOCH.replace(day=30)


def history(changed_on=3, recorded_on=3):
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ["a"],
            "created_at": 0,
            "recorded_at": 0,
            "amount": [5.0],
            "probability": [1.0],
            "owner": ["Ann"],
            "source": ["展会"],
            "segment": [None],
            "loss_reason": ["price"],
        }
    )
    log = pd.DataFrame({"funnel": ["f"], "record_id": "a", "field": "amount", "old": "4", "new": "5"})
    log = log.assign(changed_at=changed_on * DAY, recorded_at=recorded_on * DAY)
    return history_of([("a", "Lead", 0)]).with_tables(opportunities=opportunities, field_changes=log)


def test_working_fields_need_a_history_and_those_of_birth_are_assumed():
    fields = find_past_fields(history(), as_of=AS_OF)
    assert fields.known == ("amount", "source") and fields.assumed == ("source",)
    assert list(fields.left_out) == ["probability", "owner", "loss_reason"]
    assert "no change of it was ever recorded" in fields.left_out["owner"]
    assert "when a record is lost" in fields.left_out["loss_reason"]
    assert fields.to_frame()["use"].tolist() == ["known", "assumed", "left out", "left out", "left out"]
    assert fields.summary() == (
        "Left out, since their past is not known: probability, owner, loss_reason. "
        "Taken as unchanged since the record was created: source."
    )
    assert fields.summary("zh") == (
        "历史取值未知、已剔除的字段：probability、owner、loss_reason。视为自创建起未变的字段：source。"
    )


def test_who_insists_gets_them():
    fields = find_past_fields(history(), as_of=AS_OF, trusted=("owner", "probability", "loss_reason"))
    assert fields.known == ("amount", "probability", "owner", "source", "loss_reason") and not fields.left_out
    assert fields.assumed == ("probability", "owner", "source", "loss_reason")


def test_a_change_recorded_later_is_no_history_yet():
    assert "amount" in find_past_fields(history(recorded_on=35), as_of=AS_OF).left_out


def test_a_field_that_does_not_exist_cannot_be_trusted():
    with pytest.raises(FunnelError, match="no field 'ownr' to be trusted \\(did you mean 'owner'\\?\\)"):
        find_past_fields(history(), as_of=AS_OF, trusted=("ownr",))


def test_without_fields_there_is_nothing_to_leave_out():
    fields = find_past_fields(history_of([("a", "Lead", 0)]), as_of=AS_OF)
    assert (fields.known, fields.summary(), fields.summary("zh")) == (
        (),
        "The past of all fields is known.",
        "所有字段的历史取值均已知。",
    )
