"""The notebook of scores: a page with a sentence for every question, whatever the verdict and whatever is missing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import nbformat
import pytest
from matplotlib.text import Text

from funnelml.plots.scoring.field_names import name_field
from funnelml.runs.demo import make_demo
from funnelml.runs.execute import execute_notebook
from funnelml.runs.notebooks import open_notebook, shipped_notebooks
from funnelml.runs.scoring import keep, score
from funnelml.runs.scoring.contest import Champion
from funnelml.runs.scoring.score import TITLES, ScoreRun, score_workspace
from funnelml.runs.workspace import load_workspace
from funnelml.scoring.evaluation.verdict import Verdict
from funnelml.scoring.why_not import WhyNot
from tests.runs.scoring.english import find_english

DAY = date(2026, 6, 30)
NOTEBOOK = shipped_notebooks() / "lead_scoring.ipynb"
FIGURES = 9
"""Pictures of a run in which every question has an answer, but for leaks and crossings, which there may be none of."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "ws"
    make_demo(root, language="zh")
    return root


@pytest.fixture(scope="module")
def run(demo: Path) -> ScoreRun:
    return score_workspace(load_workspace(demo), as_of=DAY)


class Page(NamedTuple):
    """What the cells said, how many figures they drew and what stands on them, and what they asked for."""

    words: str
    figures: int
    drawn: str
    asked: dict[str, Any]


def run_cells(run: ScoreRun, demo: Path, monkeypatch: pytest.MonkeyPatch, **parameters: str) -> Page:
    """Run the cells here, with a run that is given."""
    shown: list[Any] = []
    scope: dict[str, Any] = {"display": shown.append}
    given = {"workspace": str(demo), "as_of": str(DAY)} | parameters
    monkeypatch.setattr(score, "score_workspace", lambda *_, **asked: scope.update(asked=asked) or run)
    for cell in open_notebook(NOTEBOOK).cells:
        if cell.cell_type == "code":
            exec(re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE), scope)
            if "parameters" in cell.metadata.get("tags", ()):
                scope |= given
    figures = [plt.figure(number) for number in plt.get_fignums()]
    drawn = "\n".join(text.get_text() for figure in figures for text in figure.findobj(Text))
    plt.close("all")
    words = "\n".join(getattr(item, "data", None) or repr(item) for item in shown)
    return Page(words, len(figures), drawn, scope["asked"])


def judged(run: ScoreRun, verdict: str) -> ScoreRun:
    """Return the run under another verdict."""
    evaluation = run.learned.evaluation
    assert evaluation.time is not None
    time = replace(evaluation.time, verdict=Verdict(verdict=verdict, reasons=(("why", "原因"),)))  # type: ignore[arg-type]
    learned = replace(run.learned, evaluation=replace(evaluation, time=time))
    return replace(run, learned=learned, model=replace(run.model, verdict=verdict))  # type: ignore[arg-type]


def test_it_runs_into_a_page(demo):
    made = execute_notebook("lead_scoring", workspace=demo, parameters={"as_of": str(DAY)}, run_id="r1")
    cells = nbformat.read(made.notebook, as_version=4).cells
    kinds = [output.output_type for cell in cells for output in cell.get("outputs", ())]
    assert set(kinds) == {"display_data"}
    page = re.sub(r"base64,[^\"]*", "base64,", made.page.read_text(encoding="utf-8"))
    headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", page)
    assert len(headings) > 10 and all(" · " in heading for heading in headings)
    assert page.count('src="data:image/png;base64,') >= FIGURES
    assert "nan" not in page.split("<footer>")[0].split("</h1>")[1]
    assert json.loads(made.manifest.read_text(encoding="utf-8"))["status"] == "completed"


def test_every_question_has_its_sentence(run, demo, monkeypatch):
    page = run_cells(run, demo, monkeypatch, language="en")
    told = page.words
    for name in TITLES:
        if name != "points":
            assert run[name].summary() in told, name
    assert run.learned.verdict.summary() in told and "open records" in told
    assert run.scores["record_id"].iloc[0] in told
    assert page.figures >= FIGURES
    assert page.asked["champion"] is None


def test_a_chinese_page_says_and_draws_no_english(run, demo, monkeypatch):
    page = run_cells(run, demo, monkeypatch, language="zh")
    assert find_english(page.words) == []
    assert find_english(page.drawn) == []
    names = {name_field(suspect.field, "zh") for suspect in run.learned.leaks.suspects}
    assert any(name in page.words for name in names) and page.figures >= FIGURES


@pytest.mark.parametrize(
    ("verdict", "has", "lacks"),
    [
        ("suspected leak", "no list is given", "in brackets, where"),
        ("no usable signal", "no list is given", "in brackets, where"),
        ("ranks only", "record grade", "record grade chance"),
    ],
)
def test_a_score_that_is_not_to_be_used_gives_no_list_and_one_that_ranks_no_chance(
    verdict, has, lacks, run, demo, monkeypatch
):
    told = " ".join(run_cells(judged(run, verdict), demo, monkeypatch, language="en").words.split())
    assert has in told and lacks not in told


def test_a_question_without_an_answer_says_why(run, demo, monkeypatch):
    bare = replace(
        run,
        sections=tuple(
            replace(s, result=None, why_not=f"no {s.name}", why_not_zh=f"没有 {s.name}") for s in run.sections
        ),
    )
    told = run_cells(bare, demo, monkeypatch).words
    assert all(f"无法给出结论：没有 {name}" in told for name in TITLES if name != "points")


def test_the_model_in_use_is_compared_or_it_is_said_why_not(run, demo, monkeypatch):
    champion = Champion(model=run.model, model_id="m", as_of=DAY)
    why = WhyNot(en="too old", zh="太旧")
    monkeypatch.setattr(keep, "find_champion", lambda *_, **__: (champion, why))
    asked = run_cells(run, demo, monkeypatch).asked
    assert asked["champion"] is champion and asked["why_no_champion"] is why
