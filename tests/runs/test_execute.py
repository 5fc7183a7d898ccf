"""Runs: complete or kept as failed, in this environment, with a page that fetches nothing."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from funnelml.errors import RunError
from funnelml.runs import execute
from funnelml.runs.execute import NotebookRun, execute_notebook

PARAMETERS = 'workspace: str = ".."  # folder\nday: str = "2026-01-01"  # a day\nn: int = 3  # a number'


def write(workspace: Path, name: str, *cells: str) -> None:
    folder = workspace / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    first = [
        new_markdown_cell("# Why <so>?\n\nA question."),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    ]
    notebook = new_notebook(cells=[*first, *(new_code_cell(cell) for cell in cells)])
    nbformat.write(notebook, folder / f"{name}.ipynb")


def run(folder: Path, name: str, run_id: str = "r1", **parameters: object) -> NotebookRun:
    return execute_notebook(name, workspace=folder, parameters=parameters, run_id=run_id)


def left_in(workspace: Path) -> list[str]:
    return sorted(str(path.relative_to(workspace / "runs")) for path in (workspace / "runs").rglob("*"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    # Braces are papermill's own syntax in a path, and a blank needs quoting in a shell.
    return tmp_path_factory.mktemp("work {day}") / "空间"


@pytest.fixture(scope="module")
def done(workspace) -> NotebookRun:
    """One run in an environment that misleads: another python3 kernel, another backend, a relative import path."""
    write(
        workspace,
        "tiny",
        "import json, os, sys, funnelml\nprint(json.dumps([workspace, day, n, os.getcwd(), sys.executable]))",
        "import matplotlib.pyplot as plt\nplt.plot([1, n]);",
        "import sys\nprint('a note', file=sys.stderr)",
        "from IPython.display import HTML, Javascript\n"
        "display(Javascript('alert(1)'), HTML('<table><td>7</td></table>'))",
    )
    wrong = workspace / "share" / "kernels" / "python3"
    wrong.mkdir(parents=True)
    (wrong / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "x", "language": "python"}))
    root = Path(execute.__file__).parents[2]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("JUPYTER_PATH", str(workspace / "share"))
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("PYTHONPATH", ".")
        return run(workspace, "tiny", day='5 # "中文" \\', n="17")


def test_a_run_leaves_notebook_page_and_manifest(workspace, done):
    assert sorted(path.name for path in done.folder.iterdir()) == ["manifest.json", "tiny.html", "tiny.ipynb"]
    assert done.folder == workspace / "runs" / "r1"
    assert done.summary().startswith("Notebook 'tiny' ran in ")
    assert str(done.page) in done.summary()
    assert not [name for name in left_in(workspace) if name.startswith(".tmp")]


def test_the_kernel_is_this_environment_in_the_workspace(workspace, done):
    (stream,) = nbformat.read(done.notebook, as_version=4).cells[3].outputs
    told = json.loads(stream.text)
    assert told[:3] == [".", '5 # "中文" \\', 17]
    assert Path(told[3]) == workspace.resolve()
    assert told[4] == sys.executable


def test_the_manifest_says_what_ran(done):
    told = json.loads(done.manifest.read_text(encoding="utf-8"))
    assert told["status"] == "completed"
    assert told["parameters"] == {"workspace": ".", "day": '5 # "中文" \\', "n": 17} == done.parameters
    assert told["outputs"] == ["tiny.html", "tiny.ipynb"]
    assert told["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert told["seconds"] == done.seconds > 0


def test_neither_manifest_nor_notebook_holds_a_path_of_this_machine(done):
    assert str(done.folder.parent) not in done.manifest.read_text(encoding="utf-8")
    noted = nbformat.read(done.notebook, as_version=4).metadata.papermill
    assert noted.input_path == noted.output_path == "tiny.ipynb"


def test_the_page_has_words_and_figures_but_no_code_and_no_script(done):
    page = done.page.read_text(encoding="utf-8")
    assert "<title>Why &lt;so&gt;?</title>" in page
    assert "<td>7</td>" in page
    assert page.count('src="data:image/png;base64,') == 1
    assert "Notes from the computation" in page
    assert "json.dumps" not in page
    assert "<script" not in page
    assert "alert(1)" not in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|@import|url\(""", page)
    assert "default-src 'none'" in page


def test_a_run_is_not_made_twice(workspace, done):
    with pytest.raises(RunError, match=r"runs/r1 exists already; choose another run id"):
        run(workspace, "tiny")


def test_a_failing_cell_is_named_and_the_partial_notebook_kept(tmp_path, capfd):
    write(tmp_path, "bad", "print('before')", "\nraise ValueError('no\\nluck')", "print('after')")
    with pytest.raises(RunError) as caught:
        run(tmp_path, "bad", day="x")
    kept = tmp_path / "runs" / "r1-failed"
    where = "notebook 'bad' failed at cell [4] 'raise ValueError('no\\nluck')'"
    assert str(caught.value) == f"{where}: ValueError: no luck; what there is of it is in {kept}"
    told = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] == "failed"
    assert "ValueError: no luck" in told["error"]
    text = (kept / "bad.ipynb").read_text(encoding="utf-8")
    assert "before" in text
    assert ".tmp-" not in text
    assert not list(kept.glob("*.html"))
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["r1-failed"]
    assert capfd.readouterr() == ("", "")


def test_a_kernel_that_dies_is_a_failed_run(tmp_path, capfd):
    write(tmp_path, "dead", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(
        RunError, match=r"notebook 'dead' failed because its kernel died .*often the memory has run out"
    ):
        run(tmp_path, "dead")
    told = json.loads((tmp_path / "runs" / "r1-failed" / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] == "failed"
    assert capfd.readouterr() == ("", "")


def test_a_mistake_of_ours_keeps_its_traceback_and_the_folder(tmp_path, monkeypatch):
    write(tmp_path, "tiny")
    monkeypatch.setattr(execute, "_run", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path, "tiny")
    assert "r1-failed/manifest.json" in left_in(tmp_path)


def test_two_runs_of_one_name_at_once_lose_nothing(tmp_path, monkeypatch):
    write(tmp_path, "tiny")
    other = tmp_path / "runs" / "r1"

    def meanwhile(*_):
        other.mkdir()
        (other / "manifest.json").write_text("theirs")
        return new_notebook()

    monkeypatch.setattr(execute, "_run", meanwhile)
    with pytest.raises(RunError, match=r"run 'r1' was made twice at once; this one is in .*\.tmp-r1"):
        run(tmp_path, "tiny")
    assert (other / "manifest.json").read_text() == "theirs"


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"dya": "x"}, r"no parameter 'dya' \(did you mean 'day'\?\)"),
        ({"n": "many"}, "parameter 'n' must be int"),
        ({"workspace": "/elsewhere"}, "parameter 'workspace' is set by the run itself"),
    ],
)
def test_bad_parameters_start_nothing(tmp_path, monkeypatch, parameters, why):
    write(tmp_path, "tiny")
    monkeypatch.setattr(execute, "_run", lambda *_: pytest.fail("started"))
    with pytest.raises(RunError, match=why):
        run(tmp_path, "tiny", **parameters)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("run_id", ["", ".", "..", "a/b", "/a", ".hidden", "a\\b"])
def test_a_run_id_names_one_folder(tmp_path, run_id):
    write(tmp_path, "tiny")
    with pytest.raises(RunError, match="cannot name a folder"):
        run(tmp_path, "tiny", run_id)
    assert not (tmp_path / "runs").exists()


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    write(tmp_path, "tiny")
    with pytest.raises(RunError, match=r"runs cannot be written to .*: File name too long"):
        run(tmp_path, "tiny", "x" * 300)
    (tmp_path / "runs").rmdir()
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match=r"runs cannot be written to .*runs: "):
        run(tmp_path, "tiny")
