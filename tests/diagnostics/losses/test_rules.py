"""Texts become reasons by keywords in two languages, the user's own first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.diagnostics.losses.rules import REASONS, UNKNOWN, ReasonRules, classify_reasons, name_reason
from funnelml.errors import InputError
from funnelml.synthetic.reason_texts import LOSS_TEXTS, REJECTION_TEXTS


@pytest.mark.parametrize("texts", [LOSS_TEXTS, REJECTION_TEXTS], ids=["losses", "rejections"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_people_write_is_understood(texts, language) -> None:
    for reason, raw in texts[language].items():
        assert set(classify_reasons(raw)) == {reason}, raw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TOO EXPENSIVE", "budget"),
        ("Ｂｕｄｇｅｔ cut", "budget"),
        ("客户觉得报价过高，价格谈不拢", "budget"),
        ("ghosted us", "no_response"),
        ("enterprise policy", "other"),
        ("友商低价", "competitor"),
        ("need_mismatch", "need_mismatch"),
        ("Decision Delayed", "decision_delayed"),
        ("  ", UNKNOWN),
        (None, UNKNOWN),
        (float("nan"), UNKNOWN),
        # the longest word that occurs decides: "another vendor" over "price"
        ("another vendor had a better price", "competitor"),
        ("no response to our price", "no_response"),
    ],
)
def test_single_texts(text, reason) -> None:
    assert classify_reasons([text]).tolist() == [reason]


def test_the_words_of_the_user_go_first_even_if_they_are_shorter() -> None:
    rules = ReasonRules(words={"competitor": ["AcmeX"], "other": ["budget freeze"]})
    texts = ["lost to acmex on price", "budget freeze", "budget"]
    assert classify_reasons(texts, rules).tolist() == ["competitor", "other", "budget"]


@given(st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=20))
def test_every_text_has_exactly_one_known_reason_whatever_the_order(texts) -> None:
    found = classify_reasons(texts).tolist()
    assert len(found) == len(texts)
    assert set(found) <= {*REASONS, UNKNOWN}
    assert classify_reasons(texts[::-1]).tolist() == found[::-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"competitior": ["x"]}, r"no reason 'competitior' \(did you mean 'competitor'\?\)"),
        ({"budget": "price"}, "'budget' needs a list of words"),
        ({"budget": ["price", " "]}, "none of them empty"),
    ],
)
def test_rules_that_cannot_be_are_refused(words, said) -> None:
    with pytest.raises(InputError, match=said):
        ReasonRules(words=words)


def test_reasons_have_names_in_both_languages() -> None:
    for reason in (*REASONS, UNKNOWN):
        assert name_reason(reason) != name_reason(reason, "zh")
