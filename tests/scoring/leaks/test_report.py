"""What a report of leaks says, in both languages with the same figures."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from funnelml.scoring.leaks.find import find_leaks
from funnelml.scoring.leaks.report import LeakReport
from tests.scoring.leaks.tables import PLANTED, honest_table, rows_of


def figures(text):
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


@pytest.fixture(scope="module")
def report():
    features, y, rng = honest_table(11)
    planted = dict(PLANTED[k](y, rng) for k in PLANTED)
    gone = features.assign(**{"visit report": "x"}).sample(100, random_state=1).assign(**{"visit report": None})
    rows = rows_of(
        features.assign(**planted, **{"visit report": "x"}),
        y,
        left_out={
            "team": "no change of it was ever recorded",
            "probability": "the CRM's own probability follows from the stage and is set to 0 or 1 when a record closes",
        },
    )
    return find_leaks(rows, keep=["why"], open_features=gone.assign(**planted_of(gone, planted)))


def planted_of(rows, planted):
    return {name: values[: len(rows)] for name, values in planted.items()}


def test_both_languages_have_the_same_figures(report):
    kinds = set()
    for suspect in report.suspects:
        kinds |= {e.kind for e in suspect.evidence}
        for evidence in suspect.evidence:
            assert figures(evidence.en) == figures(evidence.zh), evidence
    assert len(kinds) >= 9, kinds
    assert figures(report.summary("en")) == figures(report.summary("zh"))


def test_summary_names_what_is_left_out_kept_and_to_be_looked_at(report):
    assert report.kept == ("why",) and "why" not in report.left_out
    told = report.summary()
    seem = len(report.left_out) - 2
    assert report.without_past == ("team", "probability")
    assert told.startswith(
        f"Of {report.fields} fields in 2,000 rows, 2 left out as their past is not known: team, probability; "
        f"{seem} left out as they seem to know the outcome: "
    )
    assert "因历史取值未知而未使用 2 个：team、probability；" in report.summary("zh")
    assert "; 1 kept though they look like leaks: why; " in told
    assert "按要求保留，但疑似泄漏 1 个：why；" in report.summary("zh")


def test_frame_lists_suspects_to_leave_out_first(report):
    frame = report.to_frame()
    assert list(frame) == ["field", "verdict", "kept", "auc", "filled", "evidence"]
    assert frame["verdict"].is_monotonic_increasing and set(frame["verdict"]) == {"leave out", "look at"}
    assert set(report.to_frame("zh")["verdict"]) == {"剔除", "需核查"}
    for _, group in frame.groupby("verdict"):
        assert group["auc"].dropna().is_monotonic_decreasing


def test_whose_filling_tells_the_outcome_is_known_of_notes_too():
    rng = np.random.default_rng(5)
    y = (rng.random(3_000) < 0.4).astype(float)
    late, newest = rng.random(3_000) < np.where(y == 1, 1.0, 0.85), np.arange(3_000) >= 2_700

    def filled(mask):
        return np.where(mask, rng.choice(["a", "b"], 3_000), None).astype(object)

    features = pd.DataFrame(
        {
            "account": filled(late),  # of the empty rows none is won: 25 % of the lost
            "source": filled(~newest | (rng.random(3_000) < 0.5)),  # half of the newest tenth is empty, of either label
            "product": filled(rng.random(3_000) < 0.7),
            "market": np.where((y == 0) & (rng.random(3_000) < 0.2), "outside", "home").astype(object),
        }
    )
    rows = rows_of(features, y, at=np.arange(3_000), known_at=np.arange(3_000), assumed=tuple(features))
    report = find_leaks(rows)
    # All four have no history, and a value of the market decides; but only of two does the filling tell anything.
    assert report.left_out == () and set(report.to_look_at) == set(features)
    kinds = {s.field: {e.kind for e in s.evidence} for s in report.suspects}
    assert kinds["account"] >= {"assumed", "empty_decides"} and kinds["market"] == {"assumed", "decides"}
    assert kinds["source"] == {"assumed", "filled_late"} and kinds["product"] == {"assumed"}
    assert set(report.filled_knowingly) == {"account", "source"}
    assert find_leaks(rows, keep=["source"]).filled_knowingly == ("account",)
    there = features.assign(product=filled(rng.random(3_000) < 0.3)).sample(400, random_state=1)
    assert set(find_leaks(rows, open_features=there).filled_knowingly) == {"account", "source", "product"}


def test_nothing_found_is_said():
    nothing = LeakReport(suspects=(), fields=7, rows=1_234)
    assert nothing.summary() == "None of 7 fields looks like a leak in 1,234 rows."
    assert nothing.summary("zh") == "在 1,234 行中检查了 7 个字段，未发现疑似泄漏。"
    assert nothing.to_frame().empty
