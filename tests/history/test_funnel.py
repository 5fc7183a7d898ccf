"""Funnels, templates and the proposal of a stage order."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import FunnelError
from funnelml.history.funnel import Funnel, StageRename
from funnelml.history.propose import propose_funnel
from funnelml.history.templates import TEMPLATES, funnel_from_template


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"stages": ()}, "has no stages"),
        ({"stages": ("A", "A")}, "names 'A' twice"),
        ({"stages": ("A", "Won")}, "names 'Won' twice"),
        ({"stages": ("A", "won")}, "'won' is an end, not a stage"),
        ({"stages": ("A",), "lost": ()}, "no stage name means lost"),
        ({"stages": ("Alpha",), "probabilities": {"Alpa": 0.5}}, "did you mean 'Alpha'"),
        ({"stages": ("A",), "probabilities": {"A": 50}}, "must lie between 0 and 1"),
        (
            {"stages": ("A",), "renames": (StageRename(old="X", new="B", until=0),)},
            "rename to unknown stage 'B'",
        ),
    ],
)
def test_contradictions_are_refused(parts, said):
    with pytest.raises(FunnelError, match=said):
        Funnel(name="f", **parts)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_a_funnel_in_both_languages(template, language):
    funnel = funnel_from_template(template, language=language)
    assert len(funnel.stages) == len(funnel_from_template(template).stages)
    assert all(ord(c) > 0x3000 for s in funnel.stages for c in s) == (language == "zh")


def test_an_unknown_template_names_the_nearest():
    with pytest.raises(FunnelError, match="did you mean 'five-stage'"):
        funnel_from_template("fivestage")


def paths(*sequences: str) -> pd.DataFrame:
    rows = [(str(i), stage, t) for i, path in enumerate(sequences) for t, stage in enumerate(path)]
    return pd.DataFrame(rows, columns=["record_id", "stage", "entered_at"])


@given(st.lists(st.sampled_from(["ABCD", "ACD", "ABD", "BD", "AD", "ABABCD"]), min_size=1), st.randoms())
def test_skips_and_returns_do_not_disturb_the_order(tails, order):
    sequences = ["ABCDW", *(t + "W" for t in tails), "AL"]
    order.shuffle(sequences)
    assert propose_funnel(paths(*sequences), name="f", won=["W"], lost=["L"]).stages == ("A", "B", "C", "D")


def test_stages_that_no_won_record_saw_are_placed_by_the_others():
    log = paths("ABW", "ABW", "AXBL", "AXL")
    assert propose_funnel(log, name="f", won=["W"], lost=["L"]).stages == ("A", "X", "B")


@pytest.mark.parametrize(
    ("won", "lost", "said"),
    [
        (["Wun"], ["L"], "won 'Wun' is no stage of the log"),
        (["W"], ["A", "B", "L"], "every stage of the log is an end"),
    ],
)
def test_ends_must_be_in_the_log_and_leave_stages(won, lost, said):
    with pytest.raises(FunnelError, match=said):
        propose_funnel(paths("ABW", "AL"), name="f", won=won, lost=lost)
