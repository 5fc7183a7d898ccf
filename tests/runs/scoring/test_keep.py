"""Models and scores kept: what is in use is believed only if it is whole, of the same kind, and not of the future."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model, use_model
from funnelml.io.model_store import model_ids, read_card, save_model
from funnelml.runs.scoring.keep import NOT_KEPT, Kept, find_champion, keep_run, past_scores
from funnelml.runs.scoring.ledger import ledger_dates, read_ledger
from funnelml.runs.scoring.score import ScoreRun
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES
from funnelml.scoring.models.scorecard import Scorecard
from tests.runs.scoring.small_crm import AS_OF

WON = {"funnel": "generic", "outcome": "won within 28 days"}


def keep(run, root, name="lead_score", language="en"):
    return keep_run(run, root, name=name, language=language)


def test_a_new_model_is_stored_and_in_use_and_its_scores_are_in_the_ledger(run, root):
    kept = keep(run, root)
    assert (kept.new, kept.in_use, kept.verdict) == (True, True, "provisional")
    assert current_model(root / "models", "lead_score") == kept.model_id
    told = read_ledger(root)
    assert told["record_id"].tolist() == run.scores["record_id"].tolist()
    assert np.allclose(told["probability"], run.scores["probability"], atol=5e-5)
    assert (told["model_id"] == kept.model_id).all() and (told["verdict"] == "provisional").all()
    assert (told["outcome"] == "won within 28 days").all()
    card = read_card(root / "models", kept.model_id)
    assert (card.as_of, card.funnel, card.horizon, card.seed) == (AS_OF, "generic", "28d", 0)
    assert (card.rows, card.positives) == (len(run.learned.rows), run.learned.rows.positives)
    assert card.features == run.model.features and card.metrics["auc"] > 0.5
    assert f"Model {kept.model_id} (new); scores kept in" in kept.summary()
    assert f"模型 {kept.model_id}（新模型）" in kept.summary("zh")


def test_the_model_in_use_gives_the_same_scores_when_it_is_read_again(run, root):
    kept = keep(run, root)
    champion, why_not = find_champion(root, "lead_score", **WON)
    assert why_not is None and (champion.model_id, champion.as_of) == (kept.model_id, AS_OF)
    pd.testing.assert_frame_equal(champion.model.score(run.open_rows), run.model.score(run.open_rows))
    again = replace(run, model=champion.model, model_id=kept.model_id)
    told = read_ledger(root)
    assert keep(again, root) == replace(kept, new=False)
    pd.testing.assert_frame_equal(read_ledger(root), told)
    assert model_ids(root / "models") == [kept.model_id]
    assert "(as before)" in keep(again, root).summary() and "沿用" in keep(again, root).summary("zh")


def test_the_ledger_speaks_the_language_of_the_workspace(run, root):
    keep(run, root, language="zh")
    told = read_ledger(root)
    assert told["reasons_for"].str.contains("[\u4e00-\u9fff]").any()
    assert set(told["grade"]) <= {"Hot", "Warm", "Cold"} and set(told["verdict"]) == {"provisional"}


@pytest.mark.parametrize("verdict", NOT_KEPT)
def test_nothing_is_kept_of_scores_that_must_not_be_used(run, root, monkeypatch, verdict):
    monkeypatch.setattr(ScoreRun, "verdict", verdict)
    kept = keep(run, root)
    assert kept == Kept(model_id=None, new=False, ledger=None, verdict=verdict)
    assert not (root / "models").exists() and ledger_dates(root) == []
    assert kept.summary() == f"Nothing was kept: {verdict}." and (
        kept.summary("zh") == f"未保存模型和评分：{VERDICT_NAMES[verdict][1]}。"
    )


def test_without_a_model_in_use_there_is_no_champion(root):
    assert find_champion(root, "lead_score", **WON) == (None, None)


@pytest.mark.parametrize("other", [{"funnel": "leads"}, {"outcome": "won within 90 days"}])
def test_another_outcome_under_the_same_name_is_refused(run, root, other):
    keep(run, root)
    with pytest.raises(ModelStoreError, match=r"funnel 'generic', won within 28 days; this is .* with --score"):
        find_champion(root, "lead_score", **(WON | other))
    assert find_champion(root, "another_score", **(WON | other)) == (None, None)


@pytest.mark.parametrize("file", ["model.skops", "card.json"])
def test_a_model_that_was_changed_is_told_and_a_new_one_takes_its_place(run, root, file):
    model_id = keep(run, root).model_id
    path = root / "models" / model_id / file
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")
    champion, why_not = find_champion(root, "lead_score", **WON)
    assert champion is None and "cannot serve" in why_not.en and "changed after it was saved" in why_not.en
    assert why_not.zh == f"现用模型 {model_id} 缺失、已被改动或版本不符，未作比较"
    assert keep(run, root).model_id == model_id and path.read_bytes() == whole
    assert find_champion(root, "lead_score", **WON)[0] is not None


def test_a_model_that_was_removed_is_told(run, root):
    model_id = keep(run, root).model_id
    (root / "models" / model_id / "card.json").unlink()
    champion, why_not = find_champion(root, "lead_score", **WON)
    assert champion is None and f"there is no model {model_id}" in why_not.en


def test_another_kind_of_model_is_not_compared(run, root):
    model_id = keep(run, root).model_id
    other = Scorecard().fit(np.array([[0.0], [1.0]]), np.array([0, 1]))
    other_id = save_model(root / "models", name="lead_score", model=other, card=read_card(root / "models", model_id))
    use_model(root / "models", other_id)
    champion, why_not = find_champion(root, "lead_score", **WON)
    assert champion is None and why_not.en == f"{other_id} is no score of this program and is not compared"


def test_the_list_of_models_in_use_is_not_guessed_when_it_is_damaged(run, root):
    keep(run, root)
    (root / "models" / "current.json").write_text(json.dumps({"steps": []}), encoding="utf-8")
    with pytest.raises(ModelStoreError, match=r"current\.json cannot be read"):
        find_champion(root, "lead_score", **WON)


def test_scores_of_the_past_do_not_put_their_model_in_use(run, root):
    now = keep(run, root)
    then = keep(replace(run, as_of=AS_OF - timedelta(days=90)), root)
    assert (then.new, then.in_use) == (True, False)
    assert "not in use: one of a later day is" in then.summary() and "未启用" in then.summary("zh")
    assert current_model(root / "models", "lead_score") == now.model_id
    assert ledger_dates(root) == [AS_OF - timedelta(days=90), AS_OF]
    later = keep(replace(run, as_of=AS_OF + timedelta(days=7)), root)
    assert later.in_use and current_model(root / "models", "lead_score") == later.model_id


def test_scores_made_when_their_day_was_past_are_told_so_and_never_judged(run, root):
    kept = keep_run(run, root, name="lead_score", language="en", made_on=AS_OF + timedelta(days=30))
    assert kept.made_later and past_scores(root, "lead_score", date(2030, 1, 1)).empty
    assert kept.summary().startswith("Their day was past when they were made: they will not be judged as scores that")
    assert kept.summary("zh").startswith("这些评分在截至日期过后才生成")
    kept = keep_run(run, root, name="lead_score", language="en", made_on=AS_OF + timedelta(days=1))
    assert not kept.made_later and len(past_scores(root, "lead_score", date(2030, 1, 1))) == len(run.scores)


def test_past_scores_are_those_of_earlier_days(run, root):
    days = [AS_OF - timedelta(days=28), AS_OF]
    for day in days:
        keep(replace(run, as_of=day), root)
    assert set(past_scores(root, "lead_score", AS_OF)["as_of"]) == {days[0]}
    assert past_scores(root, "lead_score", days[0]).empty
    assert set(past_scores(root, "lead_score", date(2027, 1, 1))["as_of"]) == set(days)
    assert past_scores(root, "another_score", AS_OF).empty
