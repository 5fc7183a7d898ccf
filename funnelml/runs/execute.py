"""Execute a notebook into ``runs/``: checked parameters, this environment's kernel, a page to read, and a manifest."""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import papermill
from papermill.exceptions import PapermillExecutionError

from funnelml import __version__
from funnelml.errors import RunError
from funnelml.runs.kernel import kernel_manager_class
from funnelml.runs.notebooks import find_notebook, open_notebook, write_notebook
from funnelml.runs.page import render_page
from funnelml.runs.parameters import Value, check_parameters, read_parameters

FOLDER: Final = "runs"
"""Folder of the runs in a workspace."""
_LOG = "kernel.log"
_MANIFEST = "manifest.json"
_PACKAGES = ("duckdb", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "scipy")
_LONGEST = 400
"""Characters of an error that the one-line message repeats."""
# Without a handler of its own, what papermill and nbclient log would land on stderr beside our own message.
logging.getLogger("papermill").addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True)
class NotebookRun:
    """A notebook that ran to its end.

    Parameters
    ----------
    run_id : str
        Name of the run.
    folder : pathlib.Path
        ``runs/<run_id>``: everything that the run left.
    notebook, page, manifest : pathlib.Path
        Executed notebook, its HTML, and what it was made from.
    parameters : mapping of str to object
        All parameters of the notebook, with those that were given.
    seconds : float
        How long it took.
    """

    run_id: str
    folder: Path
    notebook: Path
    page: Path
    manifest: Path
    parameters: Mapping[str, Value]
    seconds: float

    def summary(self) -> str:
        """Return one sentence: what ran, how long, and the page to open."""
        return f"Notebook '{self.notebook.stem}' ran in {self.seconds:.0f} s; open {self.page}"


def execute_notebook(
    name_or_path: str | Path,
    *,
    workspace: Path,
    parameters: Mapping[str, object],
    run_id: str,
    runs_dir: Path | None = None,
    progress: bool = False,
) -> NotebookRun:
    """Execute a notebook in the workspace with papermill; a run is visible as a whole, or not at all.

    Parameters
    ----------
    name_or_path : str or pathlib.Path
        Name of a notebook of the workspace or of the package, or a path to one.
    workspace : pathlib.Path
        Folder in which the kernel starts; the notebook's own parameter ``workspace`` is set to it.
    parameters : mapping of str to object
        What differs from the notebook's defaults.
    run_id : str
        Name of the run, unique in ``runs_dir``.
    runs_dir : pathlib.Path, optional
        Where runs are kept; ``runs`` in the workspace by default.
    progress : bool
        Whether to show a progress bar on stderr; there is none where stderr is no terminal.

    Returns
    -------
    NotebookRun

    Raises
    ------
    RunError
        If there is no such notebook, a parameter is refused or the run exists already (nothing has been started
        then), or if a cell failed: what there is of the notebook is then kept in ``<run_id>-failed``.
    """
    path = find_notebook(name_or_path, workspace)
    notebook = open_notebook(path)
    known = read_parameters(notebook, path.stem)
    given = check_parameters(parameters, known, path.stem)
    if "workspace" in given:
        raise RunError("parameter 'workspace' is set by the run itself; choose the folder with --workspace")
    if "workspace" in known:
        # The kernel starts there, and no path of this machine enters the record.
        given["workspace"] = "."
    folder, work = _make_folder(run_id, workspace / FOLDER if runs_dir is None else runs_dir)
    record: dict[str, Any] = {
        "schema_version": 1,
        "run_id": run_id,
        "notebook": path.stem,
        "parameters": {name: parameter.default for name, parameter in known.items()} | given,
        "versions": _versions(),
    }
    started = perf_counter()
    target = work / path.name
    try:
        write_notebook(notebook, target)
        executed = _run(target, given, workspace, progress)
        page = render_page(executed, facts=_facts(record))
        target.with_suffix(".html").write_text(page, encoding="utf-8")
    except BaseException as error:
        told = " ".join(f"{error}".split()) or type(error).__name__
        record |= {"status": "failed", "seconds": round(perf_counter() - started, 3), "error": told}
        kept = _publish(work, folder.with_name(f"{run_id}-failed"), record)
        if isinstance(error, RunError):
            raise RunError(f"notebook '{path.stem}' failed {told}; what there is of it is in {kept}") from None
        raise
    record |= {"status": "completed", "seconds": round(perf_counter() - started, 3)}
    if (kept := _publish(work, folder, record)) != folder:
        raise RunError(f"run '{run_id}' was made twice at once; this one is in {kept}")
    return NotebookRun(
        run_id=run_id,
        folder=folder,
        notebook=folder / path.name,
        page=folder / target.with_suffix(".html").name,
        manifest=folder / _MANIFEST,
        parameters=record["parameters"],
        seconds=record["seconds"],
    )


def _run(target: Path, parameters: Mapping[str, Value], workspace: Path, progress: bool) -> Any:
    """Execute the notebook at ``target`` in place; the RunError says where and why it failed."""
    # papermill formats paths with the parameters, so that a brace in a folder's name needs a twin.
    path = str(target).replace("{", "{{").replace("}", "}}")
    try:
        papermill.execute_notebook(
            path,
            path,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar={"desc": target.stem, "disable": None, "leave": False} if progress else False,
            kernel_manager_class=kernel_manager_class(target.with_name(_LOG)),
            resources={"metadata": {"path": str(workspace)}},
        )
    except PapermillExecutionError as error:
        line = next((line.strip() for line in error.source.splitlines() if line.strip()), "")
        reason = " ".join(f"{error.ename}: {error.evalue}".split())
        raise RunError(f"at cell [{error.exec_count}] '{line}': {reason[:_LONGEST]}") from None
    except RuntimeError as error:
        # A kernel that died, or never started; its last words are in the log.
        words = target.with_name(_LOG).read_text(encoding="utf-8", errors="replace").strip()
        last = words.rpartition("\n")[2][:_LONGEST] or "it said nothing; often the memory has run out"
        raise RunError(f"because its kernel died ({error}): {last}") from None
    finally:
        _forget_paths(target)
    return open_notebook(target)


def _forget_paths(target: Path) -> None:
    """Put names in the place of this machine's paths that papermill notes down."""
    notebook = open_notebook(target)
    noted = notebook.metadata.get("papermill", {})
    noted.update({key: target.name for key in ("input_path", "output_path") if key in noted})
    write_notebook(notebook, target)


def _make_folder(run_id: str, runs: Path) -> tuple[Path, Path]:
    """Return the folder of the finished run, and the one in which it is made."""
    if not run_id or Path(run_id).name != run_id or run_id.startswith(".") or "\\" in run_id:
        raise RunError(f"run id '{run_id}' cannot name a folder; use letters, digits, dots and dashes")
    folder, work = runs / run_id, runs / f".tmp-{run_id}-{os.getpid()}"
    try:
        for taken in (folder, runs / f"{run_id}-failed", work):
            if taken.exists():
                raise RunError(f"{taken} exists already; choose another run id, or remove it")
        work.mkdir(parents=True)
    except OSError as error:
        raise RunError(f"runs cannot be written to {runs}: {error.strerror}") from None
    return folder, work


def _publish(work: Path, folder: Path, record: dict[str, Any]) -> Path:
    """Write the manifest and give the folder its name; return the name it has then."""
    if record["status"] == "completed":
        (work / _LOG).unlink(missing_ok=True)
    record["outputs"] = sorted(path.name for path in work.iterdir())
    text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True)
    (work / _MANIFEST).write_text(f"{text}\n", encoding="utf-8")
    try:
        return work.rename(folder)
    except OSError:
        return work


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "funnelml": __version__} | {p: version(p) for p in _PACKAGES}


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        "notebook": str(record["notebook"]),
        "run": str(record["run_id"]),
        "parameters": ", ".join(f"{name} = {value!r}" for name, value in record["parameters"].items()),
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
    }
