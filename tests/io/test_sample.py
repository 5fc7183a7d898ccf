"""The files of a synthetic CRM: what a CRM would export, readable back to the tables; the committed samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from funnelml.history.funnel import WON
from funnelml.io.sample import write_sample
from funnelml.io.sample_columns import FILES_OF_LEADS, SAMPLE_COLUMNS
from funnelml.schema import TABLES
from funnelml.synthetic import SAMPLE_SEED, SyntheticCRM, sample_world, simulate_crm

DATA = Path(__file__).resolve().parents[2] / "data"
ENCODINGS = {"en": "utf-8", "zh": "gb18030"}
FOLDERS = {"en": "sample", "zh": "sample_zh"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
Written = dict[str, tuple[SyntheticCRM, Path]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    made = {}
    for language in ENCODINGS:
        crm = simulate_crm(sample_world(language), seed=SAMPLE_SEED)  # type: ignore[arg-type]
        folder = tmp_path_factory.mktemp("samples") / "new" / FOLDERS[language]
        write_sample(crm, folder, encoding=ENCODINGS[language])
        made[language] = crm, folder
    return made


def read(folder: Path, name: str, language: str) -> pd.DataFrame:
    text = pd.read_csv(folder / f"{name}.csv", encoding=ENCODINGS[language], dtype=str, keep_default_na=False)
    columns = SAMPLE_COLUMNS[language][name]
    assert list(text.columns) == list(columns.values())
    return text.rename(columns={header: column for column, header in columns.items()})


def instants(text: pd.Series, time_zone: str) -> pd.Series:
    local = pd.to_datetime(text.mask(text == ""), format="ISO8601").dt.tz_localize(time_zone)
    return local.dt.tz_convert("UTC").astype("datetime64[us, UTC]").astype("int64")


@LANGUAGES
def test_the_committed_sample_is_what_the_code_makes(written: Written, language: str) -> None:
    _, folder = written[language]
    committed = DATA / FOLDERS[language]
    assert sorted(p.name for p in committed.iterdir()) == sorted(p.name for p in folder.iterdir())
    for path in folder.iterdir():
        assert path.read_bytes() == (committed / path.name).read_bytes(), f"run: make sample ({path.name})"


@LANGUAGES
def test_the_sample_is_small_and_would_look_familiar(written: Written, language: str) -> None:
    crm, folder = written[language]
    assert max(p.stat().st_size for p in folder.iterdir()) < 400_000
    records = crm.truth.records[crm.truth.records["exported"]]
    open_now = crm.truth.open_on(crm.world.days - 1)
    closed = records.drop(open_now.index)
    assert 0.20 <= (closed["outcome"] == WON).mean() <= 0.25
    assert len(open_now) >= (100 if language == "en" else 40)
    assert 0.2 < open_now["asleep"].mean() < 0.6
    created = crm.tables["opportunities"].set_index("opportunity_id")["created_at"]
    won = closed[closed["outcome"] == WON].set_index("record_id")
    cycle = pd.to_timedelta(won["closed_at"] - created[won.index], unit="us").dt.days
    assert 60 <= cycle.mean() <= 90
    assert len(records) == pytest.approx(1500 if language == "en" else 400, rel=0.1)


@LANGUAGES
@pytest.mark.parametrize("name", list(SAMPLE_COLUMNS["en"]))
def test_what_is_written_can_be_read_back_to_the_tables(written: Written, language: str, name: str) -> None:
    crm, folder = written[language]
    text, canonical_name = read(folder, name, language), FILES_OF_LEADS.get(name, name)
    table = crm.of_leads[canonical_name] if name in FILES_OF_LEADS else crm.tables[name]
    if name == "stage_changes":
        undated = text["entered_at"] == ""
        assert sorted(text.loc[undated, "record_id"]) == list(crm.truth.dirt["undated"])
        text = text[~undated]
        canonical = crm.funnel.canonical
        text = text.assign(stage=[canonical.get(s, s) for s in text["stage"]])
    elif name == "lead_stage_changes":
        canonical = crm.world.lead_funnel.canonical
        text = text.assign(stage=[canonical[s] for s in text["stage"]])
    back = {}
    for column in SAMPLE_COLUMNS[language][name]:
        kind = TABLES[canonical_name].column(column).kind  # type: ignore[union-attr]
        values = text[column]
        if kind == "instant":
            values = instants(values, crm.world.time_zone)
        elif kind == "number":
            values = pd.to_numeric(values.str.replace(r"[€¥,]", "", regex=True))
        else:
            values = values.where(values != "", None)
        back[column] = values
    columns = list(back)
    frames = [f[columns].sort_values(columns, ignore_index=True) for f in (pd.DataFrame(back), table)]
    pd.testing.assert_frame_equal(*frames, check_dtype=False)


def test_a_share_of_times_and_amounts_has_another_format(written: Written) -> None:
    _, folder = written["en"]
    entered = read(folder, "stage_changes", "en")["entered_at"]
    lengths = entered[entered != ""].str.len().value_counts(normalize=True)
    assert lengths[16] > 0.96
    assert 0.01 < lengths[19] < 0.03
    amounts = read(folder, "opportunities", "en")["amount"]
    assert 0.01 < amounts.str.contains("[€,]").mean() < 0.03


@LANGUAGES
def test_the_truth_is_told_beside_the_data(written: Written, language: Literal["en", "zh"]) -> None:
    crm, folder = written[language]
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["as_of"] == "2026-06-30"
    assert truth["seed"] == SAMPLE_SEED
    assert truth["world"]["gaps"][0]["stage"] == crm.world.gaps[0].stage
    assert {k: len(v) for k, v in truth["spoiled"].items()} == {k: len(v) for k, v in crm.truth.dirt.items()}
    outcomes = pd.read_csv(folder / "truth_records.csv")
    assert (outcomes["outcome"] == "open").sum() < len(outcomes)
    later = outcomes[outcomes["closed_on"] > "2026-06-30"]
    assert (later["outcome"] == WON).sum() > 5


def test_chinese_files_speak_chinese(written: Written) -> None:
    _, folder = written["zh"]
    head = (folder / "stage_changes.csv").read_bytes().decode("gb18030").splitlines()[:30]
    assert head[0] == "商机编号,阶段,进入时间,记录时间"
    assert ",线索," in head[1]
    assert any(",输单," in line for line in head)
