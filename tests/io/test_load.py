"""Sources of every kind give the same tables; what cannot be read is set aside with the reason."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from funnelml.errors import MappingError, SourceError
from funnelml.history.dates import instant_of
from funnelml.history.funnel import Funnel, StageRename
from funnelml.io.load import load_tables
from funnelml.io.quarantine import write_quarantine
from funnelml.mapping.source import Source

FUNNEL = Funnel(name="销售", stages=("线索", "方案"), won=("赢单", "签约"), lost=("输单",))
COLUMNS = {"record_id": "商机编号", "stage": "阶段", "entered_at": "进入时间", "amount": "金额(元)"}
ROWS = [
    ("A1", "线索", "2024-03-05 09:00", "¥1,200"),
    ("A1", "方案", "2024-03-06 09:00:30.25", "12.5万"),
    ("A1", "签约", "2024-03-09 10:00", "12.5万"),
    ("B2", "线索", "2024-03-07 11:00", "800"),
]
FRAME = pd.DataFrame(ROWS, columns=list(COLUMNS.values()))


def load(tmp_path: Path, funnel: Funnel = FUNNEL, *more: Source, **source: object):
    first = Source(**({"name": "s", "table": "event_log", "columns": COLUMNS, "funnel": "销售"} | source))
    return load_tables([first, *more], [funnel], root=tmp_path, time_zone="Asia/Shanghai")


def check(loaded) -> None:
    changes = loaded.tables["stage_changes"].sort_values(["record_id", "entered_at"])
    assert changes["stage"].tolist() == ["线索", "方案", "won", "线索"]
    assert (
        changes["entered_at"].iloc[0]
        == instant_of(pd.Timestamp("2024-03-05").date(), "Asia/Shanghai") + 9 * 3600 * 10**6
    )
    amounts = loaded.tables["field_changes"].query("field == 'amount'").sort_values(["record_id", "changed_at"])
    assert amounts["new"].astype(float).tolist() == [1200.0, 125_000.0, 800.0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found_out(tmp_path, encoding):
    (tmp_path / "log.csv").write_bytes(FRAME.to_csv(index=False).encode(encoding))
    check(load(tmp_path, file="log.csv"))


def test_compressed_and_tab_separated(tmp_path):
    FRAME.to_csv(tmp_path / "log.tsv.gz", index=False, sep="\t")
    check(load(tmp_path, file="log.tsv.gz"))


def test_excel(tmp_path):
    FRAME.to_excel(tmp_path / "log.xlsx", index=False)
    check(load(tmp_path, file="log.xlsx"))


def test_parquet(tmp_path):
    FRAME.to_parquet(tmp_path / "log.parquet")
    check(load(tmp_path, file="log.parquet"))


def test_duckdb_file_and_an_attached_one(tmp_path):
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.from_df(FRAME).create("log")
    check(load(tmp_path, file="w.duckdb", sql="SELECT * FROM log"))
    check(load(tmp_path, sql="SELECT * FROM w.log", attach=("w.duckdb AS w (READ_ONLY)",)))


def test_sql_over_a_file_of_the_workspace(tmp_path):
    (tmp_path / "raw").mkdir()
    FRAME.to_csv(tmp_path / "raw" / "log.csv", index=False)
    check(load(tmp_path, sql="SELECT * FROM read_csv('raw/log.csv', all_varchar = true)"))


def test_a_dated_rename_maps_older_rows_only(tmp_path):
    rename = StageRename(old="报价", new="方案", until=instant_of(pd.Timestamp("2024-03-08").date(), "Asia/Shanghai"))
    funnel = Funnel(name="销售", stages=("线索", "方案"), won=("签约",), lost=("输单",), renames=(rename,))
    old = FRAME.assign(**{"阶段": FRAME["阶段"].replace("方案", "报价")})
    old.to_csv(tmp_path / "log.csv", index=False)
    check(load(tmp_path, funnel, file="log.csv"))


def test_rows_that_cannot_be_read_go_to_quarantine_and_the_rest_goes_on(tmp_path):
    good = pd.concat([FRAME.assign(**{"商机编号": FRAME["商机编号"] + f"-{i}"}) for i in range(20)])
    bad = pd.DataFrame([("X", "线索", "yesterday", "5"), ("=cmd", "线素", "2024-03-05", "5")], columns=FRAME.columns)
    pd.concat([good, bad]).to_csv(tmp_path / "log.csv", index=False)
    loaded = load(tmp_path, file="log.csv")
    assert len(loaded.tables["stage_changes"]) == 80 and len(loaded.rejects) == 2
    path = write_quarantine(loaded.rejects, tmp_path / "deep" / "quarantine.csv")
    kept = path.read_text(encoding="utf-8-sig")
    assert "yesterday" in kept and "stage '线素' is not in funnel" in kept


def test_past_the_share_the_load_stops_with_the_counts(tmp_path):
    broken = FRAME.assign(**{"进入时间": ["?", "2024-03-06", "?", "2024-03-07"]})
    broken.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(SourceError, match="2 of 4 rows"):
        load(tmp_path, file="log.csv")


def test_a_stage_without_a_date_is_set_aside_and_counted(tmp_path):
    FRAME.assign(**{"进入时间": ["2024-03-05", "", "2024-03-09", "2024-03-07"]}).to_csv(
        tmp_path / "log.csv", index=False
    )
    loaded = load(tmp_path, file="log.csv")
    assert len(loaded.undated) == 1 and loaded.rejects.empty


def test_missing_columns_are_all_named(tmp_path):
    FRAME.rename(columns={"阶段": "阶 段名", "金额(元)": "价"}).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(MappingError, match=r"'阶段'.*'金额"):
        load(tmp_path, file="log.csv")


def test_a_record_seen_twice_is_joined_by_declared_keys_and_conflicts_are_told(tmp_path):
    FRAME.to_csv(tmp_path / "log.csv", index=False)
    crm = pd.DataFrame(
        {"opportunity_id": ["A1", "B2"], "created_at": "2024-03-05", "account": ["华芯", "天合"], "owner": "王芳"}
    )
    erp = pd.DataFrame(
        {"opportunity_id": ["17", "99"], "created_at": "2024-03-05", "account": ["华芯", "新客"], "owner": "李强"}
    )
    crm.to_csv(tmp_path / "crm.csv", index=False)
    erp.to_csv(tmp_path / "erp.csv", index=False)
    names = {c: c for c in crm.columns}
    told = {"table": "opportunities", "columns": names, "funnel": "销售"}
    second = Source(name="crm", file="crm.csv", **told)
    third = Source(name="erp", file="erp.csv", system="erp", match=("account",), **told)
    loaded = load(tmp_path, FUNNEL, second, third, file="log.csv")
    assert sorted(loaded.tables["opportunities"]["opportunity_id"]) == ["A1", "B2", "erp:99"]
    conflicts = loaded.conflicts.set_index("column")
    assert conflicts.loc["owner", "conflicts"] == 1 and "A1" in conflicts.loc["owner", "first_ids"]
