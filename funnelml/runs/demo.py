"""A workspace with the synthetic sample: what ``funnelml demo`` makes and the repository's root is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal

from funnelml.errors import SettingsError
from funnelml.history.funnel import Funnel
from funnelml.io.sample import write_sample
from funnelml.io.sample_columns import FILES_OF_LEADS, SAMPLE_COLUMNS
from funnelml.runs.notebooks import copy_notebooks
from funnelml.runs.settings import FILE_NAME
from funnelml.synthetic import SAMPLE_SEED, sample_world, simulate_crm

Language = Literal["en", "zh"]
FOLDER = {"en": "data/sample", "zh": "data/sample_zh"}
"""Where the sample lies in a workspace."""
ENCODING = {"en": "utf-8", "zh": "gb18030"}
"""Encoding of its files: the Chinese one is what a CRM in China exports."""


def make_demo(root: Path, *, language: Language = "en") -> date:
    """Make a workspace with the sample, unless it is one already.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the workspace.
    language : {"en", "zh"}
        Language of headers, stages and names.

    Returns
    -------
    datetime.date
        Day of the sample's export: the as-of date of the demonstration.

    Raises
    ------
    SettingsError
        If the folder holds something else.
    """
    world = sample_world(language)
    settings = root / FILE_NAME
    if settings.exists():
        if settings.read_text(encoding="utf-8") != demo_settings(language):
            raise SettingsError(f"{settings} is not the demonstration's; choose another folder")
    elif root.is_dir() and any(root.iterdir()):
        raise SettingsError(f"{root} is not empty and no workspace; choose another folder")
    else:
        write_sample(simulate_crm(world, seed=SAMPLE_SEED), root / FOLDER[language], encoding=ENCODING[language])
        copy_notebooks(root)
        # The settings come last: a folder with them is complete.
        settings.write_text(demo_settings(language), encoding="utf-8")
    return world.as_of


def demo_settings(language: Language) -> str:
    """Return the ``funnelml.toml`` of the sample."""
    world = sample_world(language)
    funnel = world.funnel
    parts = [
        f"# The settings of the {'synthetic sample' if language == 'en' else '合成示例数据'}; see the README.",
        "version = 1",
        f'time_zone = "{world.time_zone}"',
        f'currency = "{world.currency}"',
        *([] if language == "en" else [f'language = "{language}"']),
        f"exported_at = {world.as_of.isoformat()}",
        "",
        _funnel_text(funnel),
        _funnel_text(world.lead_funnel),
    ]
    for file, columns in SAMPLE_COLUMNS[language].items():
        lines = [f"{canonical} = {_quoted(own)}" for canonical, own in columns.items()]
        table = FILES_OF_LEADS.get(file, file)
        with_funnel = table in ("opportunities", "stage_changes", "field_changes", "quotas")
        of = world.lead_funnel if file in FILES_OF_LEADS else funnel
        head = [f'[[source]]\nname = "{file}"\ntable = "{table}"\nfile = "{FOLDER[language]}/{file}.csv"']
        head += [f"funnel = {_quoted(of.name)}"] if with_funnel else []
        parts += [*head, "[source.columns]", *lines, ""]
    return "\n".join(parts)


def _funnel_text(funnel: Funnel) -> str:
    lines = ["[[funnel]]", f"name = {_quoted(funnel.name)}"]
    for key in ("stages", "won", "lost"):
        lines.append(f"{key} = {json.dumps(list(getattr(funnel, key)), ensure_ascii=False)}")
    if funnel.probabilities:
        shown = ", ".join(f"{_quoted(stage)} = {p}" for stage, p in funnel.probabilities.items())
        lines.append(f"probabilities = {{ {shown} }}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
