"""Selection rates: the four-fifths rule by hand, and chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.monitoring.selection_rates import selection_rates

RULES = Grading(by="probability", borders=(0.5, 0.2))


def graded(**counts) -> tuple[Grades, pd.Series]:
    """Records of each level: (hot, all)."""
    levels = [level for level, (_, n) in counts.items() for _ in range(n)]
    chance = [0.9 if k < hot else 0.1 for hot, n in counts.values() for k in range(n)]
    ids = [f"r{k}" for k in range(len(levels))]
    values = pd.Series(levels, index=ids, name="区域", dtype=object)
    return grade_scores(chance, ids, RULES), values.where(values != "空", None)


def test_four_fifths_by_hand():
    result = selection_rates(*graded(north=(60, 200), south=(30, 200), west=(50, 200), tiny=(20, 29)))
    table = result.table.set_index("level")
    assert table["verdict"].to_dict() == {"north": "highest", "south": "low", "west": "ok", "tiny": "too few"}
    assert table["ratio"].drop("tiny").to_dict() == pytest.approx({"north": 1.0, "west": 50 / 60, "south": 0.5})
    # By hand for south: log(30.5 / 200.5) - log(60.5 / 200.5) = -0.68484; variance 1/30.5 - 1/200.5 + 1/60.5 - 1/200.5
    # = 0.03934; three pairs, so that z = scipy.stats.norm.isf(0.05 / 3 / 2) = 2.39398.
    ends = np.exp(-0.68484 + np.array([-1, 1]) * 2.39398 * np.sqrt(0.03934))
    assert table.loc["south", ["low", "high"]].to_numpy(dtype=float) == pytest.approx(ends, rel=1e-3)
    assert (
        "By 区域 north has the highest share of Hot (30\xa0%); under four fifths of it: south 15\xa0%"
        in result.summary()
    )
    assert "not judged, with under 30 records: 1." in result.summary()
    assert "按 区域：north 的“热”比例最高（30\xa0%）；低于其五分之四的有：south 15\xa0%" in result.summary("zh")
    assert result.flagged["level"].tolist() == ["south"]


def test_a_low_ratio_that_may_be_chance():
    result = selection_rates(*graded(a=(10, 40), b=(7, 40)))
    assert result.table["verdict"].tolist() == ["highest", "low by chance"]
    assert "no level is shown to be under four fifths of it; lower, but perhaps by chance: 1." in result.summary()
    assert "可能出于偶然" in result.summary("zh")


def test_empty_is_a_level_of_its_own():
    result = selection_rates(*graded(a=(100, 200), 空=(0, 200)))
    assert result.table["level"].tolist() == ["a", None] and result.table["verdict"].tolist() == ["highest", "low"]
    assert "unknown 0\xa0%" in result.summary() and "未知 0\xa0%" in result.summary("zh")


def test_chance_alone_is_seldom_flagged():
    rng = np.random.default_rng(9)
    flags = 0
    for _ in range(100):
        ids = np.arange(400)
        grades = grade_scores(rng.random(400), ids, Grading(by="probability", borders=(0.7, 0.3)))
        flags += (
            len(selection_rates(grades, pd.Series(rng.choice(list("abcde"), 400), index=ids, name="rep")).flagged) > 0
        )
    assert flags <= 5


def test_faults():
    grades, values = graded(a=(10, 40), b=(7, 40))
    with pytest.raises(ModelInputError, match="field '区域' holds numbers"):
        selection_rates(grades, values.map({"a": 1.0, "b": 2.0}))
    with pytest.raises(ModelInputError, match="1 records stand twice"):
        selection_rates(grades, pd.concat([values, values.iloc[:1]]))
    with pytest.raises(ModelInputError, match="field 'region' is not told for 40 of 80 graded records"):
        selection_rates(grades, values.iloc[:40], field="region")
    with pytest.raises(NotEnoughDataError, match="no level has 30 records of which some are Hot"):
        selection_rates(*graded(a=(10, 20), b=(0, 40)))
    with pytest.raises(NotEnoughDataError, match="0 records, 0 levels"):
        selection_rates(grade_scores([], [], RULES), values)
