from __future__ import annotations

from pathlib import Path

from scripts.check_sizes import find_size_problems


def write_module(root: Path, path: str, lines: int) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("pass\n" * lines, encoding="utf-8")


def test_short_files_pass(tmp_path: Path) -> None:
    write_module(tmp_path, "funnelml/schema.py", 199)
    write_module(tmp_path, "elsewhere/long.py", 1000)
    assert find_size_problems(tmp_path) == []


def test_a_file_over_400_lines_is_named(tmp_path: Path) -> None:
    for number in range(9):
        write_module(tmp_path, f"funnelml/short_{number}.py", 10)
    write_module(tmp_path, "tests/test_long.py", 401)
    assert find_size_problems(tmp_path) == [f"{Path('tests/test_long.py')}: 401 lines, over 400"]


def test_too_few_short_files_name_the_longest(tmp_path: Path) -> None:
    for number in range(3):
        write_module(tmp_path, f"funnelml/short_{number}.py", 10)
    write_module(tmp_path, "funnelml/long.py", 250)
    (problem,) = find_size_problems(tmp_path)
    assert "3 of 4 files are under 200 lines" in problem
    assert "long.py (250)" in problem


def test_drawers_are_refused_as_file_and_as_folder(tmp_path: Path) -> None:
    write_module(tmp_path, "funnelml/_utils.py", 1)
    write_module(tmp_path, "funnelml/helpers/dates.py", 1)
    assert len(find_size_problems(tmp_path)) == 2
