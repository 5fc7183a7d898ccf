"""A Chinese reader finds no English: in no sentence, no heading and no reason of a page, whatever is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import FunnelmlError, ModelInputError, NotEnoughDataError
from funnelml.history.dates import day_of
from funnelml.io.current_models import current_model
from funnelml.io.model_list import list_models
from funnelml.io.model_store import read_card
from funnelml.runs.scoring import watch
from funnelml.runs.scoring.contest import Champion, hold_contest
from funnelml.runs.scoring.keep import MODELS, keep_run
from funnelml.runs.scoring.model_text import show_model, show_models, show_use
from funnelml.runs.scoring.rules import BesideRules
from funnelml.runs.scoring.score import TITLES, ScoreRun, score_workspace
from funnelml.runs.scoring.score_text import show_score
from funnelml.runs.scoring.section_tables import table_section
from funnelml.runs.scoring.table import score_table
from funnelml.runs.scoring.table_text import show_table_run
from funnelml.runs.scoring.unanswered import UnansweredError, answer_in_both
from funnelml.runs.scoring.watch import Watch
from funnelml.runs.workspace import Workspace, load_workspace
from funnelml.scoring.grading import Grading
from funnelml.scoring.why_not import WhyNot
from tests.runs.scoring.english import figures_of, find_english
from tests.runs.scoring.small_crm import AS_OF, BEFORE, make_small


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load_workspace(make_small(tmp_path_factory.mktemp("chinese") / "工作区", language="zh"))


@pytest.fixture(scope="module")
def page(chinese: Workspace) -> ScoreRun:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "MONTHS", 2)
        return score_workspace(chinese, as_of=AS_OF)


def test_what_counts_as_english():
    assert find_english("无法给出结论：no model was in use before") == ["no model was in use before"]
    assert find_english("结论：look at") == ["look at"]
    assert find_english("AUC 为 0.9、log_loss；下一步：funnelml export --to csv。Brier 分数（team）") == []


def test_the_page_of_a_chinese_workspace_holds_no_english(page):
    text = show_score(page, "zh")
    assert find_english(text) == []
    assert text.startswith(f"漏斗“generic”，截至 {AS_OF}：28 天内赢单的概率")


def test_every_table_has_the_same_figures_in_both_languages(page):
    tables = 0
    for section in page.sections:
        english, chinese = (table_section(section, language) for language in ("en", "zh"))
        assert (english is None) is (chinese is None)
        if english is None or chinese is None:
            continue
        tables += 1
        assert find_english(chinese.frame.to_string()) == [], section.name
        assert english.frame.shape == chinese.frame.shape
        for ours, theirs in zip(english.frame, chinese.frame, strict=True):
            if section.name != "past" or ours != "month":
                assert [figures_of(v) for v in english.frame[ours]] == [figures_of(v) for v in chinese.frame[theirs]]
    assert tables >= 6


def test_questions_without_an_answer_say_why_in_both_languages(page):
    for section in page.sections:
        if section.result is None:
            english, chinese = section.summary("en"), section.summary("zh")
            assert english == f"Nothing can be said: {section.why_not}" and chinese.startswith("无法给出结论：")
            assert find_english(chinese) == [] and figures_of(english) == figures_of(chinese)


def watch_of(workspace: Workspace, run: ScoreRun, as_of: date = AS_OF) -> Watch:
    return Watch(
        history=workspace.history,
        as_of=as_of,
        funnel="generic",
        outcome="won",
        horizon_days=28,
        trusted=(),
        learned=run.learned,
        model=run.model,
        grading=Grading(),
        open_rows=run.open_rows,
    )


def beside_rules(run: ScoreRun) -> BesideRules:
    bare = replace(run.rows, features=run.rows.features[["stage"]])
    return BesideRules(
        rows=bare,
        open_rows=run.open_rows,
        learned=run.learned,
        scores=run.scores,
        stated=None,
        grading=Grading(),
        seed=0,
    )


def no_trend(workspace: Workspace, run: ScoreRun) -> object:
    history = workspace.history
    first = day_of(history.recorded_span(history.funnel("generic"))[0], history.time_zone)
    return watch_of(workspace, run, first).trend()


def no_dates(workspace: Workspace, run: ScoreRun) -> object:
    learned = replace(run.learned, rows=replace(run.learned.rows, at=None, known_at=None))
    return replace(watch_of(workspace, run), learned=learned).base_rate()


def few_of_each(workspace: Workspace, run: ScoreRun) -> object:
    rows = run.open_rows
    each = rows.features.assign(source=[f"来源{k}" for k in range(len(rows))])
    return replace(watch_of(workspace, run), open_rows=replace(rows, features=each)).selection(run.grades, "source")


def told_too_late(workspace: Workspace, run: ScoreRun) -> object:
    return replace(watch_of(workspace, run), horizon_days=10_000).past


def contest(workspace: Workspace, run: ScoreRun, *, learned_on: date, as_of: date = AS_OF, **lost: object) -> object:
    champion = Champion(model=replace(run.model, **lost), model_id="m", as_of=learned_on)  # type: ignore[arg-type]
    return hold_contest(champion, run.learned, run.rows, history=workspace.history, as_of=as_of, seed=0).result()


REFUSED = {
    "no trend": no_trend,
    "no dates": no_dates,
    "few of each": few_of_each,
    "no such field": lambda workspace, run: watch_of(workspace, run).selection(run.grades, "地区"),
    "never due": told_too_late,
    "no rules": lambda workspace, run: beside_rules(run).points(),
    "learned later": lambda workspace, run: contest(workspace, run, learned_on=AS_OF, as_of=BEFORE),
    "nothing known yet": lambda workspace, run: contest(workspace, run, learned_on=AS_OF),
    "too few known": lambda workspace, run: contest(workspace, run, learned_on=BEFORE),
    "old and not compared": lambda workspace, run: contest(workspace, run, learned_on=AS_OF - timedelta(days=180)),
    "field is gone": lambda workspace, run: contest(workspace, run, learned_on=BEFORE, features=("地区",)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_reasons_have_the_same_figures_and_no_english(what, chinese, page):
    with pytest.raises(UnansweredError) as raised:
        REFUSED[what](chinese, page)
    why = raised.value.why
    assert str(raised.value) == why.en and find_english(why.zh) == []
    # The English names the fields of the default rules, one of which holds a number.
    assert figures_of(why.en.split("(amount")[0]) == figures_of(why.zh)


def test_an_error_that_speaks_english_only_stands_behind_a_chinese_word():
    def ask(error: FunnelmlError) -> str:
        def refuse() -> None:
            raise error

        return answer_in_both("bant", TITLES["bant"], refuse).summary("zh")

    assert ask(NotEnoughDataError("too few")) == "无法给出结论：数据不足（too few）"
    assert ask(ModelInputError("no field")) == "无法给出结论：设置或数据无法使用（no field）"
    assert ask(UnansweredError(WhyNot(en="no", zh="没有"))) == "无法给出结论：没有"


def test_stored_models_are_told_in_chinese(page, tmp_path: Path):
    kept = keep_run(page, tmp_path, name="评分", language="zh")
    models = tmp_path / MODELS
    model_id = current_model(models, "评分")
    assert model_id is not None and kept.model_id == model_id
    card = read_card(models, model_id)
    pages = [
        kept.summary("zh"),
        show_models(list_models(models), "zh"),
        show_model(model_id, card, in_use=True, language="zh"),
        show_use(model_id, card, "zh"),
    ]
    for text in pages:
        assert find_english(text.replace(str(tmp_path), "").replace("scikit-learn", "")) == []
    assert "28 天内赢单" in pages[1] and "| 结果 | 28 天内赢单 |" in pages[2] and "| 指标：对数损失 |" in pages[2]
    assert card.outcome == "won within 28 days", "what is stored names the outcome in one language"


def test_a_plain_chinese_table_is_told_in_chinese(tmp_path: Path):
    rng = np.random.default_rng(0)
    n = 400
    visits = rng.poisson(3, n)
    won = np.where(rng.random(n) < 1 / (1 + np.exp(2.5 - 0.7 * visits)), "已成交", "未成交")
    won[-20:] = ""
    table = pd.DataFrame(
        {
            "线索编号": [f"L-{k}" for k in range(n)],
            "来源": rng.choice(["展会", "官网"], n),
            "访问次数": visits,
            "国家": "中国",
            "备注": "",
            "结果": won,
        }
    )
    path = tmp_path / "线索.csv"
    table.to_csv(path, index=False, encoding="gb18030")
    text = show_table_run(score_table(path, label="结果", record_id="线索编号"))
    assert find_english(text) == [] and "所有行取值相同" in text and "为空" in text
    assert "GB18030" in text
