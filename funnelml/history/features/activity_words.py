"""Kinds and directions of activities as people write them, in English and Chinese, read as a few."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KINDS = ("call", "email", "meeting", "demo", "quote", "web_visit", "download", "event", "other")
"""Kinds that features tell apart."""

_WORDS = (
    # From the most to the least telling: a "demo call" is a demo, an "email download" a download.
    ("demo", ("demo", "demonstration", "演示", "试用", "样机")),
    ("quote", ("quote", "quotation", "proposal", "报价")),
    ("download", ("download", "whitepaper", "下载", "白皮书")),
    ("web_visit", ("web", "website", "page", "pageview", "browse", "网站", "网页", "官网", "浏览", "访问页面")),
    ("call", ("call", "phone", "telephone", "dial", "voicemail", "通话", "电话拜访", "电话回访", "致电")),
    ("event", ("event", "webinar", "conference", "fair", "seminar", "tradeshow", "活动", "展会", "研讨会", "沙龙")),
    ("meeting", ("meeting", "visit", "appointment", "lunch", "会议", "拜访", "会面", "面谈", "面访", "走访")),
    ("call", ("电话", "呼叫", "来电", "去电")),
    ("email", ("email", "mail", "邮件", "邮箱")),
)
_OUTBOUND = ("outbound", "outgoing", "sent", "呼出", "外呼", "发出", "去电", "发送", "致电")
_INBOUND = ("inbound", "incoming", "received", "呼入", "来电", "收到", "接收", "来访")
# These say it only if nothing else is written: a customer has a part in every call.
_OUTBOUND_ALONE = frozenset({"out", "sales", "rep", "agent", "主动", "销售", "销售发起", "我方"})
_INBOUND_ALONE = frozenset({"in", "customer", "client", "prospect", "被动", "客户", "客户发起", "客户方"})
_OURS = ("call", "email", "meeting")
_THEIRS = ("web_visit", "download")


def read_kind(text: str) -> str:
    """Return the kind that a text names, ``other`` if none of them.

    Examples
    --------
    >>> read_kind("Phone call"), read_kind("Demo call"), read_kind("web visit"), read_kind("E-Mail"), read_kind("task")
    ('call', 'demo', 'web_visit', 'email', 'other')
    >>> read_kind("电话"), read_kind("上门拜访"), read_kind("网站访问"), read_kind("展会"), read_kind("微信")
    ('call', 'meeting', 'web_visit', 'event', 'other')
    """
    plain = text.casefold().replace("e-mail", "email")
    # Plurals too; a word within a Latin word says nothing: a recall is no call.
    words = {form for word in re.findall(r"[a-z]+", plain) for form in (word, word.removesuffix("s"))}
    for kind, names in _WORDS:
        if any(name in words if name.isascii() else name in plain for name in names):
            return kind
    return "other"


def code_kinds(kinds: pd.Series) -> NDArray[np.int64]:
    """Return the position in ``KINDS`` of each raw kind."""
    codes, raw = pd.factorize(kinds.astype(object))
    known = np.array([KINDS.index(read_kind(str(text))) for text in raw] + [KINDS.index("other")], dtype=np.int64)
    return known[codes]


def code_directions(directions: pd.Series, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1 for what the team did, -1 for what the customer did, 0 where that is not known.

    Parameters
    ----------
    directions : pandas.Series
        As people write them; None if unknown. Calls, emails and meetings of unknown direction, or of one that cannot be
        read, are taken as the team's, web visits and downloads as the customer's.
    kinds : numpy.ndarray of int64
        Positions in ``KINDS``.

    Examples
    --------
    >>> code_directions(pd.Series([" Out", "呼入", "Incoming call", None, None]), np.array([0, 0, 0, 0, 5])).tolist()
    [1, -1, -1, 1, -1]
    """
    codes, raw = pd.factorize(directions.astype(object))
    known = np.array([_read_direction(str(text)) for text in raw] + [0], dtype=np.int64)
    told = known[codes]
    names = np.array(KINDS)[kinds]
    by_nature = np.isin(names, _OURS).astype(np.int64) - np.isin(names, _THEIRS).astype(np.int64)
    return np.where(told == 0, by_nature, told)


def _read_direction(text: str) -> int:
    plain = text.strip().casefold().replace("-", "")
    words = set(re.findall(r"[a-z]+", plain))
    ours, theirs = (
        plain in alone or any(name in words if name.isascii() else name in plain for name in names)
        for names, alone in ((_OUTBOUND, _OUTBOUND_ALONE), (_INBOUND, _INBOUND_ALONE))
    )
    return int(ours) - int(theirs)
