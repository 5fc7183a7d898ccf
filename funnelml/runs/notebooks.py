"""Where notebooks are: those of the workspace first, then those that come with the package."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import nbformat
import nbformat.validator

import funnelml
from funnelml.errors import RunError, did_you_mean

FOLDER = "notebooks"
"""Folder of the notebooks in a workspace."""


def shipped_notebooks() -> Path:
    """Return the folder of the notebooks that come with the package (in a checkout: the repository's)."""
    package = Path(funnelml.__file__).parent
    inside = package / FOLDER
    return inside if inside.is_dir() else package.parent / FOLDER


def find_notebook(name_or_path: str | Path, workspace: Path) -> Path:
    """Return the notebook that is meant.

    Parameters
    ----------
    name_or_path : str or pathlib.Path
        A path that ends in ``.ipynb``, or the name of a notebook of the workspace or of the package.
    workspace : pathlib.Path
        Folder whose notebooks go first.

    Raises
    ------
    RunError
        If there is none; the message lists those that there are.
    """
    wanted = Path(name_or_path)
    if wanted.suffix == ".ipynb":
        for path in (wanted, workspace / wanted):
            if path.is_file():
                return path
    elif wanted.suffix:
        raise RunError(f"'{name_or_path}' is no notebook; give a name such as revenue_forecast, or an .ipynb file")
    known = {path.stem: path for folder in (shipped_notebooks(), workspace / FOLDER) for path in folder.glob("*.ipynb")}
    if wanted.suffix == "" and str(name_or_path) in known:
        return known[str(name_or_path)]
    hint = did_you_mean(wanted.stem, known)
    raise RunError(f"there is no notebook '{name_or_path}'{hint}; there are {', '.join(sorted(known)) or 'none'}")


def open_notebook(path: Path) -> Any:
    """Return the notebook at ``path`` as an ``nbformat.NotebookNode``.

    Raises
    ------
    RunError
        If the file cannot be read as a notebook.
    """
    try:
        with warnings.catch_warnings():
            # Older notebooks have no cell ids; they get some below.
            warnings.simplefilter("ignore")
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            _, notebook = nbformat.validator.normalize(notebook)
        nbformat.validate(notebook)
    except OSError as error:
        raise RunError(f"notebook {path} cannot be read: {error.strerror}") from None
    except (ValueError, nbformat.ValidationError) as error:
        raise RunError(f"{path} is not a valid notebook: {str(error).splitlines()[0]}") from None
    return notebook


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def copy_notebooks(workspace: Path) -> None:
    """Copy the notebooks of the package into the workspace; those that are there already stay as they are."""
    folder = workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(shipped_notebooks().glob("*.ipynb")):
        if not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
