"""The chance of what: read back from the words in which it is stored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from funnelml.scoring.outcome_words import say_outcome
from funnelml.scoring.training_rows import outcome_text


@given(stage=st.text(min_size=1).filter(lambda name: name != "won"), days=st.integers(1, 10_000))
def test_any_stage_and_horizon_is_read_back(stage: str, days: int) -> None:
    stored = outcome_text(stage, days)
    assert say_outcome(stored) == stored
    assert say_outcome(stored, "zh") == f"{days} 天内到达“{stage}”"


def test_a_win_is_told_in_days() -> None:
    assert say_outcome(outcome_text("won", 1), "zh") == "1 天内赢单"
    assert say_outcome(outcome_text("won", 28), "zh") == "28 天内赢单"


def test_the_label_of_a_plain_table_stays_what_its_owner_called_it() -> None:
    for label in ("已签约", "won", "Converted within reach", ""):
        assert say_outcome(label, "zh") == label
