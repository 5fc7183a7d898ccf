"""Tables of diagnostics for a person: what is in them is what was measured, in both languages."""

from __future__ import annotations

import pytest

from funnelml.diagnostics.changes.benchmarks import Benchmark, compare_benchmarks
from funnelml.diagnostics.comparison.groups import compare_groups
from funnelml.diagnostics.conversion.rates import measure_conversion
from funnelml.diagnostics.early_warnings.warn import warn
from funnelml.diagnostics.integrity.check import check_integrity
from funnelml.language import share
from funnelml.plots.diagnostics.tables import (
    table_benchmarks,
    table_comparison,
    table_conversion,
    table_integrity,
    table_rules,
    table_warnings,
)
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm


@pytest.fixture(scope="module")
def crm():
    return simulate_crm(SyntheticWorld(days=400, arrivals=Arrivals(per_day=3.0)), seed=3)


def test_conversion(crm):
    told = measure_conversion(crm.history, as_of=crm.as_of, draws=20)
    table = table_conversion(told).frame
    assert table["stage"].tolist() == list(crm.funnel.stages)
    lead = told.overall.query("stage == 'Lead' and definition == 'any' and to == 'next'").iloc[0]
    assert table["goes on"].iloc[0] == share(lead["conversion"])
    assert "推进" in table_conversion(told, language="zh").frame


def test_comparison(crm):
    told = compare_groups(crm.history, as_of=crm.as_of, by="owner")
    table = table_comparison(told).frame
    assert table["who"].tolist() == told.to_frame()["group"].tolist()[: len(table)]
    assert table["rank"].iloc[0].startswith("1 (")
    assert "排名" in table_comparison(told, language="zh").frame


def test_warnings_and_rules(crm):
    told = warn(crm.history, as_of=crm.as_of)
    table = table_warnings(told, most=5).frame
    assert len(table) == 5 and table["record"].is_unique
    amounts = [float(text.replace(",", "")) for text in table["amount"]]
    assert amounts == sorted(amounts, reverse=True)
    assert len(table_rules(told, language="zh").frame) == len(told.rules)


def test_integrity(crm):
    told = check_integrity(crm.history, as_of=crm.as_of)
    assert table_integrity(told).frame["finding"].tolist() == told.to_frame()["name"].tolist()


def test_benchmarks(crm):
    mark = Benchmark(stage="Lead", conversion=0.99)
    table = table_benchmarks(compare_benchmarks(crm.history, as_of=crm.as_of, benchmarks=[mark]), language="zh")
    assert table.frame["结论"].tolist() == ["低于"]
    assert "低于" in table._repr_html_()
