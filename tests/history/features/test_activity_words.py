"""Words for activities, as CRMs in two languages have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.history.features.activity_words import KINDS, code_directions, code_kinds, read_kind
from funnelml.synthetic.names import KINDS as SYNTHETIC


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Outgoing calls", "call"),
        ("Conference call", "call"),
        ("电话回访", "call"),
        ("去电", "call"),
        ("E-mails", "email"),
        ("群发邮件", "email"),
        ("On-site visit", "meeting"),
        ("电话会议", "meeting"),
        ("面谈", "meeting"),
        ("产品演示", "demo"),
        ("Quotation sent", "quote"),
        ("报价单", "quote"),
        ("web_visit", "web_visit"),
        ("Landing page", "web_visit"),
        ("Whitepaper download", "download"),
        ("资料下载", "download"),
        ("Webinar", "event"),
        ("市场活动", "event"),
        ("recall", "other"),
        ("WeChat", "other"),
        ("短信", "other"),
        ("", "other"),
    ],
)
def test_kinds_are_read(text, kind):
    assert read_kind(text) == kind


def test_the_words_of_the_synthetic_world_are_known_in_both_languages():
    read = [[read_kind(text) for text in SYNTHETIC[language]] for language in ("en", "zh")]
    assert read[0] == read[1] == ["call", "email", "meeting", "demo", "web_visit"]


def test_a_column_of_kinds_is_read_at_once():
    codes = code_kinds(pd.Series(["call", "电话", None, "task", "call"], dtype=object))
    assert [KINDS[code] for code in codes] == ["call", "call", "other", "other", "call"]


def test_directions_are_told_or_follow_from_the_kind():
    kinds = np.array([KINDS.index(k) for k in ("call", "call", "email", "meeting", "demo", "download", "web_visit")])
    told = pd.Series(["INBOUND", "呼出", None, None, None, None, "sideways"], dtype=object)
    # What cannot be read says nothing: then the kind does.
    assert code_directions(told, kinds).tolist() == [-1, 1, 1, 1, 0, -1, -1]


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("Outbound call", 1),
        ("email sent", 1),
        ("OUT", 1),
        ("Sales", 1),
        ("销售", 1),
        ("呼出电话", 1),
        ("Incoming call", -1),
        ("in-bound", -1),
        ("客户", -1),
        ("客户来电", -1),
        ("呼入", -1),
        # These tell both, or neither, and a web visit is the customer's.
        ("呼入 / 呼出", -1),
        ("logged in", -1),
        ("1", -1),
    ],
)
def test_directions_are_read(text, way):
    visit = KINDS.index("web_visit")
    assert code_directions(pd.Series([text]), np.array([visit])).tolist() == [way]


def test_a_direction_that_tells_both_ways_or_none_leaves_a_call_to_the_team():
    told = pd.Series(["呼入 / 呼出", "logged in", "checked out", "1"])
    assert code_directions(told, np.zeros(4, dtype=np.int64)).tolist() == [1] * 4
