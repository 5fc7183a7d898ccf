"""Stage templates that a team can start from, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from funnelml.errors import FunnelError, did_you_mean
from funnelml.history.funnel import Funnel

_WON = ("Won", "Closed Won", "赢单")
_LOST = ("Lost", "Closed Lost", "输单")

_STAGES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "generic": (
        ("Lead", "Qualification", "Discovery", "Proposal", "Negotiation", "Closing"),
        ("线索", "资格确认", "需求挖掘", "方案", "谈判", "成交"),
    ),
    "five-stage": (
        ("First contact", "Need confirmed", "Proposal and quote", "Contract negotiation", "Signed"),
        ("初步接触", "需求确认", "方案报价", "合同谈判", "签约"),
    ),
    "saas": (
        ("Lead", "Qualification", "Demo", "Trial", "Commercial negotiation"),
        ("线索", "资格确认", "产品演示", "试用", "商务谈判"),
    ),
    "industrial-equipment": (
        (
            "Lead",
            "Qualification",
            "Technical review",
            "Bid",
            "Pre-award clarification",
            "Contract negotiation",
        ),
        ("线索", "资格确认", "技术评审", "投标", "授标前澄清", "合同谈判"),
    ),
}

TEMPLATES: tuple[str, ...] = tuple(_STAGES)
"""Names of the templates."""


def funnel_from_template(template: str, *, name: str | None = None, language: str = "en") -> Funnel:
    """Return the funnel of a template.

    Parameters
    ----------
    template : str
        One of ``TEMPLATES``.
    name : str, optional
        Name of the funnel; the template's by default.
    language : {"en", "zh"}
        Language of the stage names.

    Raises
    ------
    FunnelError
        If there is no such template.

    Examples
    --------
    >>> funnel_from_template("five-stage", language="zh").stages
    ('初步接触', '需求确认', '方案报价', '合同谈判')
    """
    if template not in _STAGES:
        hint = did_you_mean(template, _STAGES)
        raise FunnelError(f"no template '{template}'{hint}; there are {', '.join(_STAGES)}")
    english, chinese = _STAGES[template]
    stages = chinese if language == "zh" else english
    # In the five-stage template the last stage is the signature itself: the source counts it as won.
    if template == "five-stage":
        return Funnel(name=name or template, stages=stages[:-1], won=(stages[-1], *_WON), lost=_LOST)
    return Funnel(name=name or template, stages=stages, won=_WON, lost=_LOST)
