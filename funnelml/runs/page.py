"""An executed notebook as one page for a person without Python: no code, no script, nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter

_TEMPLATE = Path(__file__).with_name("page.html.j2")
_TITLE = re.compile(r"^# +(.+)$", flags=re.MULTILINE)


def render_page(notebook: Any, *, facts: Mapping[str, str]) -> str:
    """Return the HTML of an executed notebook: its words and outputs, without its code.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed notebook.
    facts : mapping of str to str
        What stands at the foot of the page: how it was made.

    Returns
    -------
    str
        One self-contained file; its content security policy forbids scripts and requests.
    """
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        extra_template_paths=[str(_TEMPLATE.parent)],
        template_file=_TEMPLATE.name,
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    title = next((m[1].strip() for cell in notebook.cells if (m := _TITLE.search(cell.source))), "Notebook")
    body, _ = exporter.from_notebook_node(notebook, resources={"page": {"title": title, "facts": dict(facts)}})
    return str(body)
