"""Two real tables whose leaks are known: all are found without being told, and no ordinary field is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.scoring.leaks.find import find_leaks
from tests.scoring.leaks.tables import rows_of

pytestmark = pytest.mark.realdata

# Filled while a lead was worked, as the data's own description says.
LEAKS = {"Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"} | {
    f"Asymmetrique {what}" for what in ("Activity Index", "Profile Index", "Activity Score", "Profile Score")
}


def as_rows(table, label):
    texts = table.select_dtypes(object).columns
    table = table.astype(dict.fromkeys(table.columns.difference(texts), float))
    table[texts] = table[texts].where(table[texts].notna(), None)
    return rows_of(table.drop(columns=label), table[label])


@pytest.fixture(scope="module")
def leads(real_data):
    return as_rows(pd.read_csv(real_data / "x_education_leads.csv").replace("Select", np.nan), "Converted")


@pytest.fixture(scope="module")
def calls(real_data):
    table = pd.read_csv(real_data / "bank_marketing.csv.gz", sep=";")
    return as_rows(table.assign(y=(table["y"] == "yes").astype(float)), "y")


def test_all_leaks_of_the_leads_and_nothing_else(leads):
    report = find_leaks(leads)
    assert set(report.left_out) == LEAKS
    # Their fill rates differ by 31 points between the outcomes; ids name rows.
    asked = {"What is your current occupation", "What matters most to you in choosing a course"}
    assert set(report.to_look_at) == asked | {"Lead Number", "Prospect ID"}


@pytest.mark.parametrize("seed", [1, 2])
def test_neither_the_number_nor_the_seed_decides(leads, seed):
    without = leads.without("Lead Number", "Prospect ID")
    assert set(find_leaks(without, seed=seed).left_out) == LEAKS


def test_tags_need_no_name(leads):
    plain = leads.features.rename(columns=dict(zip(leads.features, map("f{}".format, range(99)), strict=False)))
    left_out = find_leaks(rows_of(plain, leads.label)).left_out
    assert [leads.features.columns[int(name[1:])] for name in left_out] == ["Tags"]


def test_the_length_of_the_call_whose_outcome_is_the_label(calls):
    assert find_leaks(calls).left_out == ("duration",)
    # Under another name it is a note: stronger alone (AUC 0.81) than all others together (0.80).
    told = find_leaks(rows_of(calls.features.rename(columns={"duration": "t"}), calls.label))
    assert told.left_out == () and "t" in told.to_look_at
    assert "strongest" in {e.kind for e in told.suspects[0].evidence}
