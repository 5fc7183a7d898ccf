"""Raw texts with which people of the synthetic world say why: a loss, a rejected lead, a survey's verdict."""

from __future__ import annotations

LOSS_TEXTS = {
    "en": {
        "need_mismatch": ("Not a fit", "Requirements mismatch", "Missing feature"),
        "competitor": ("Lost to competitor", "Went with another vendor"),
        "budget": ("Too expensive", "No budget", "Price"),
        "decision_delayed": ("Project postponed", "Not ready yet"),
        "no_response": ("No response", "Cannot be reached"),
        "other": ("Contact left the company", "Merger", "Legal concerns"),
    },
    "zh": {
        "need_mismatch": ("需求不符", "功能不匹配", "不适用"),
        "competitor": ("选择竞品", "输给友商"),
        "budget": ("价格太贵", "预算不足"),
        "decision_delayed": ("项目推迟", "暂缓采购"),
        "no_response": ("联系不上", "客户失联", "无回应"),
        "other": ("对接人离职", "公司重组", "法务问题"),
    },
}
"""Texts of each reason of a loss, by language."""

REJECTION_TEXTS = {
    "en": {
        "need_mismatch": ("Not our target customer", "Requirements mismatch"),
        "no_response": ("Cannot be reached",),
        "budget": ("No budget",),
        "decision_delayed": ("Not ready yet",),
        "other": ("Duplicate", "Student"),
    },
    "zh": {
        "need_mismatch": ("非目标客户", "需求不符"),
        "no_response": ("联系不上",),
        "budget": ("预算不足",),
        "decision_delayed": ("暂无计划",),
        "other": ("重复线索", "学生咨询"),
    },
}
"""Texts of each reason for which a rep rejects a lead, by language."""

FEEDBACK_KINDS = {
    "en": ("lead acceptance", "customer survey", "interview"),
    "zh": ("线索接收", "客户调研", "访谈"),
}
ACCEPTANCE = {"en": ("accepted", "rejected"), "zh": ("接受", "拒绝")}
SATISFACTION = {"en": ("satisfied", "neutral", "dissatisfied"), "zh": ("满意", "一般", "不满意")}
"""Kinds of feedback, verdicts of a rep on a lead, and of a customer."""
