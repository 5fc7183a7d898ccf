"""The notebook of stays and stalls: a page with a sentence for every question, whatever is missing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import nbformat
import pytest
from matplotlib.text import Text

from funnelml.runs.execute import execute_notebook
from funnelml.runs.notebooks import open_notebook, shipped_notebooks
from funnelml.runs.stall import dwell, stall
from funnelml.runs.stall.dwell import TITLES
from funnelml.runs.stall.keep import keep_stalls
from funnelml.survival.stall.judge import judge_stalls
from tests.runs.scoring.small_crm import AS_OF

NOTEBOOK = shipped_notebooks() / "stage_dwell.ipynb"


class Page(NamedTuple):
    """What the cells said, how many figures they drew, and what they asked for."""

    words: str
    figures: int
    asked: dict[str, Any]


def run_cells(run, study, workspace, monkeypatch, **parameters: str) -> Page:
    """Run the cells here, with a run and a study that are given."""
    shown: list[Any] = []
    scope: dict[str, Any] = {"display": shown.append}
    given = {"workspace": str(workspace.settings.root), "as_of": str(AS_OF)} | parameters
    monkeypatch.setattr(stall, "stall_workspace", lambda *_, **asked: scope.update(asked=asked) or run)
    monkeypatch.setattr(dwell, "study_dwell", lambda *_, **__: study)
    for cell in open_notebook(NOTEBOOK).cells:
        if cell.cell_type == "code":
            exec(re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE), scope)
            if "parameters" in cell.metadata.get("tags", ()):
                scope |= given
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert all(figure.findobj(Text) for figure in figures)
    plt.close("all")
    words = "\n".join(getattr(item, "data", None) or repr(item) for item in shown)
    return Page(words, len(figures), scope["asked"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_question_has_its_sentence_and_its_picture(run, study, workspace, monkeypatch, language):
    page = run_cells(run, study, workspace, monkeypatch, language=language)
    for name in TITLES:
        assert study[name].summary(language) in page.words, name
    for sentence in (run.verdicts.summary(language), run.accuracy.summary(language), run.describe_model(language)):
        assert sentence in page.words
    stages = len(run.open_rows.stages)
    # The map, one future, two of each stage, the groups, and three days of calibration.
    assert page.figures == 1 + 1 + 2 * stages + 1 + 3


def test_a_record_that_is_named_is_drawn(run, study, workspace, monkeypatch):
    named = str(run.verdicts.table["record_id"].iloc[-1])
    page = run_cells(run, study, workspace, monkeypatch, record=named, language="en")
    assert f"{named} goes on from" in page.words


def test_questions_without_an_answer_say_why_and_the_page_goes_on(run, study, workspace, monkeypatch):
    bare = replace(
        study,
        by_group=None,
        sections=tuple(
            replace(s, result=None, why_not=f"no {s.name}", why_not_zh=f"没有 {s.name}") for s in study.sections
        ),
    )
    blind = replace(run, accuracy=replace(run.accuracy, result=None, why_not="no past", why_not_zh="没有过往"))
    page = run_cells(blind, bare, workspace, monkeypatch, language="zh")
    for name in [*TITLES]:
        assert f"无法给出结论：没有 {name}" in page.words
    assert "无法给出结论：没有过往" in page.words and page.figures == 2


def test_a_funnel_without_open_records_has_a_page(run, study, workspace, monkeypatch):
    nobody = run.open_rows.take(run.open_rows.record_id == "nobody")
    verdicts = judge_stalls(run.model, nobody, history=workspace.history, as_of=AS_OF)
    empty = replace(run, open_rows=nobody, verdicts=verdicts)
    page = run_cells(empty, study, workspace, monkeypatch, language="en")
    assert "No record of funnel 'generic' is open" in page.words and "There is nothing to do." in page.words


def test_it_runs_into_a_page(workspace):
    # Early, when there was little to learn from: every question takes the less time.
    early = AS_OF - timedelta(days=475)
    made = execute_notebook(
        "stage_dwell", workspace=workspace.settings.root, parameters={"as_of": str(early)}, run_id="r1"
    )
    cells = nbformat.read(made.notebook, as_version=4).cells
    kinds = [output.output_type for cell in cells for output in cell.get("outputs", ())]
    assert set(kinds) == {"display_data"}
    page = re.sub(r"base64,[^\"]*", "base64,", made.page.read_text(encoding="utf-8"))
    headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", page)
    assert len(headings) > 10 and all(" · " in heading for heading in headings)
    assert not re.search(r"\bnan\b", page.split("<footer>")[0].split("</h1>")[1])
    assert json.loads(made.manifest.read_text(encoding="utf-8"))["status"] == "completed"


def test_the_model_in_use_is_handed_on(run, study, workspace, monkeypatch):
    kept = keep_stalls(run, workspace.settings.root, name="stage_model", language="en")
    page = run_cells(run, study, workspace, monkeypatch)
    assert page.asked["in_use"].model_id == kept.model_id and page.asked["as_of"] == AS_OF
