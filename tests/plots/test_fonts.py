"""Names in any script: drawn where a font has them, numbered and warned about once where none has."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from funnelml.plots import fonts
from funnelml.plots.funnel import plot_funnel
from funnelml.plots.revenue import plot_revenue_fan


@pytest.fixture
def without_cjk(monkeypatch):
    """A machine whose fonts are those that come with matplotlib."""
    bundled = [entry for entry in font_manager.fontManager.ttflist if str(mpl.get_data_path()) in entry.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", bundled)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    fonts._warn_once.cache_clear()
    yield
    fonts._warn_once.cache_clear()


def test_latin_names_need_no_other_font():
    assert len(fonts.font_families(["Négociation → €5", "Предложение"])) == 1
    assert fonts.legible("Négociation", otherwise="Stage 1") == "Négociation"


def test_without_a_font_stages_are_numbered_and_one_warning_says_what_to_install(without_cjk, chinese, ax):
    with pytest.warns(UserWarning, match="apt install fonts-noto-cjk") as caught:
        plot_funnel(chinese.snapshot, ax, currency=chinese.currency)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_revenue_fan(chinese)
        other = plot_funnel(chinese.snapshot)
        other.figure.canvas.draw()
    assert [label.get_text() for label in other.get_yticklabels()] == ["Stage 1", "Stage 2", "Stage 3"]
    assert other.get_title(loc="left") == "75\xa0% of the open 5M is in Stage 3"


def test_a_font_is_preferred_by_the_order_of_the_families(without_cjk, monkeypatch):
    entry = font_manager.fontManager.ttflist[0]
    listed = [font_manager.FontEntry(fname=entry.fname, name=n) for n in ("SimHei", "Noto Sans CJK SC", "Arial")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", listed)
    assert fonts._find_cjk_family() == "Noto Sans CJK SC"


def test_a_font_installed_since_the_list_was_made_is_found(without_cjk, monkeypatch, tmp_path):
    found = [str(tmp_path / name) for name in ("wqy-zenhei.ttc", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc")]
    added: list[str] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [*found, str(tmp_path / "Courier.ttf")])
    monkeypatch.setattr(font_manager.fontManager, "addfont", added.append)
    fonts._find_cjk_family()
    assert [Path(file).name for file in added] == ["NotoSansCJK-Regular.ttc"]


def test_the_font_of_a_package_is_found_without_importing_it(without_cjk, monkeypatch, tmp_path):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "NotoSansCJKjp-Regular.otf").touch()

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    added: list[str] = []
    monkeypatch.setattr(fonts, "find_spec", lambda _: Spec)
    monkeypatch.setattr(font_manager.fontManager, "addfont", added.append)
    fonts._find_cjk_family()
    assert [Path(file).name for file in added] == ["NotoSansCJKjp-Regular.otf"]


def test_with_a_font_the_names_are_drawn(chinese):
    if fonts._find_cjk_family() is None:
        pytest.skip("no font with Chinese characters is installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plot_funnel(chinese.snapshot, currency=chinese.currency)
        ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["线索", "演示", "方案"]
    assert "人民币" in ax.get_title(loc="left")
