"""Hold the notebook habit: no outputs in git, one H1, one cell of typed parameters, no definitions.

Run it in the repository's root; it prints every problem, and exits with 1 if there is one.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any


def find_notebook_problems(path: Path) -> list[str]:
    """List what breaks the habit in the notebook at ``path``, one line per problem."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    titles = sum(_count_titles(_source(cell)) for cell in cells if cell["cell_type"] == "markdown")
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    problems = [] if titles == 1 else [f"{path}: {titles} H1 titles, one is expected"]
    if len(tagged) != 1:
        problems.append(f"{path}: {len(tagged)} cells are tagged 'parameters', one is expected")
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            problems += [f"{path}, cell {number}: {fault}" for fault in _find_code_faults(cell)]
    for cell in tagged:
        problems += [f"{path}: {fault}" for fault in _find_parameter_faults(_source(cell))]
    return problems


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _count_titles(markdown: str) -> int:
    without_code = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return len(re.findall(r"^# ", without_code, flags=re.MULTILINE))


def _find_code_faults(cell: dict[str, Any]) -> list[str]:
    faults = []
    if cell["outputs"] or cell["execution_count"] is not None:
        faults.append("has outputs; clear them before the commit")
    lines = ["pass" if line.startswith(("%", "!")) else line for line in _source(cell).splitlines()]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError as error:
        return [*faults, f"is not Python: {error}"]
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [node.name for node in ast.walk(tree) if isinstance(node, definitions)]
    return faults + [f"defines {name}; it belongs in the package" for name in names]


def _find_parameter_faults(code: str) -> list[str]:
    faults = []
    for statement in ast.parse(code).body:
        if not _is_typed_literal(statement):
            faults.append(f"parameter '{ast.unparse(statement)}': write 'name: plain_type = literal'")
        elif not _has_comment(code, statement):
            faults.append(f"parameter '{ast.unparse(statement)}': say in a comment what it means")
    return faults


def _is_typed_literal(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    # papermill's inspection does not see a parameter with a union such as `int | None`
    return not isinstance(statement.annotation, ast.BinOp)


def _has_comment(code: str, statement: ast.stmt) -> bool:
    lines = code.splitlines()
    above = lines[statement.lineno - 2].strip() if statement.lineno > 1 else ""
    return above.startswith("#") or "#" in lines[(statement.end_lineno or statement.lineno) - 1]


def main() -> int:
    paths = sorted(Path("notebooks").glob("*.ipynb"))
    problems = [problem for path in paths for problem in find_notebook_problems(path)]
    print("\n".join(problems) or f"{len(paths)} notebooks are fine.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
