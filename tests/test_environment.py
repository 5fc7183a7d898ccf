"""pyproject.toml, environment.yml and requirements.lock say the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

# conda-forge's name -> the name in pyproject.toml, where they differ
CONDA_NAMES = {"jupyter_client": "jupyter-client", "matplotlib-base": "matplotlib", "python-duckdb": "duckdb"}

# the name by which a package is imported -> its name in pyproject.toml, where they differ
IMPORT_NAMES = {"sklearn": "scikit-learn"}

# a runtime dependency that no module imports, and what uses it
USED_WITHOUT_IMPORT = {
    "jupyterlab": "make lab",
}


def read_groups() -> dict[str, list[Requirement]]:
    groups = {"run": PYPROJECT["project"]["dependencies"]} | PYPROJECT["dependency-groups"]
    return {
        name: [Requirement(line) for line in lines if isinstance(line, str)]  # others include a group
        for name, lines in groups.items()
    }


GROUPS = read_groups()
DIRECT = {canonicalize_name(r.name): r.specifier for group in GROUPS.values() for r in group}
PINS = re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", LOCK, flags=re.MULTILINE)


def read_conda() -> dict[str, SpecifierSet]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    pairs = re.findall(r"^  - (\S+) (\S+)$", text, flags=re.MULTILINE)
    return {CONDA_NAMES.get(name, name): SpecifierSet(versions) for name, versions in pairs}


def test_conda_environment_names_the_same_packages_and_ranges() -> None:
    python = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert read_conda() == DIRECT | {"python": python}


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_lock_has_every_direct_dependency_in_its_range(name: NormalizedName) -> None:
    versions = [version for pinned, version in PINS if canonicalize_name(pinned) == name]
    assert versions, f"{name} is not in requirements.lock: make lock"
    assert all(version in DIRECT[name] for version in versions)


def test_lock_has_only_names_versions_markers_and_hashes() -> None:
    pin = r"[a-z0-9._-]+==[A-Za-z0-9.!+]+( ; [a-z0-9_ .*'=!<>()]+)? \\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(f"{pin}|{digest}", line, flags=re.IGNORECASE)] == []
    assert "://" not in LOCK


def test_lock_pins_one_version_of_everything() -> None:
    names = [name for name, _ in PINS]
    assert sorted(names) == sorted(set(names))


def test_lock_leaves_out_what_nothing_needs() -> None:
    assert not {"torch", "tensorflow", "pyspark", "polars", "uv", "funnelml"} & {name for name, _ in PINS}


def test_setup_script_admits_the_same_pythons() -> None:
    script = (ROOT / "scripts" / "make_venv.sh").read_text(encoding="utf-8")
    ((lowest, beyond),) = re.findall(r"^lowest=(\d+) beyond=(\d+)", script, flags=re.MULTILINE)
    assert PYPROJECT["project"]["requires-python"] == f">=3.{lowest},<3.{beyond}"


def test_every_runtime_dependency_is_used_and_every_import_declared() -> None:
    imported = set()
    for path in (ROOT / "funnelml").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.partition(".")[0] for name in names}
    standard = set(sys.stdlib_module_names) | {"funnelml"}
    imported = {canonicalize_name(IMPORT_NAMES.get(name, name)) for name in imported - standard}
    declared = {canonicalize_name(r.name) for r in GROUPS["run"]}
    assert declared - imported == set(USED_WITHOUT_IMPORT), "no dependency that nothing uses"
    third_party = imported - declared
    assert third_party == set(), "an import that pyproject.toml does not declare"
