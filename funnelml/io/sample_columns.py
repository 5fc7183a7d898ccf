"""Headers of the files of a synthetic CRM, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

SAMPLE_COLUMNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "opportunities": {
            "opportunity_id": "Opportunity ID",
            "account": "Account",
            "segment": "Segment",
            "source": "Source",
            "owner": "Owner",
            "team": "Team",
            "created_at": "Created",
            "amount": "Amount (EUR)",
            "expected_close_date": "Expected close",
            "lead_id": "Lead ID",
        },
        "stage_changes": {
            "record_id": "Opportunity ID",
            "stage": "Stage",
            "entered_at": "Entered",
            "recorded_at": "Recorded",
        },
        "field_changes": {
            "record_id": "Opportunity ID",
            "field": "Field",
            "changed_at": "Changed",
            "recorded_at": "Recorded",
            "old": "Old value",
            "new": "New value",
        },
        "activities": {
            "record_id": "Opportunity ID",
            "kind": "Activity",
            "occurred_at": "Time",
            "direction": "Direction",
            "contact": "Contact",
        },
        "leads": {"lead_id": "Lead ID", "created_at": "Created", "source": "Source", "owner": "Owner"},
        "quotas": {
            "period_start": "Quarter start",
            "period_end": "Next quarter start",
            "amount": "Quota (EUR)",
            "recorded_at": "Set on",
        },
        "lead_stage_changes": {
            "record_id": "Lead ID",
            "stage": "Stage",
            "entered_at": "Entered",
            "recorded_at": "Recorded",
        },
        "lead_activities": {
            "record_id": "Lead ID",
            "kind": "Activity",
            "occurred_at": "Time",
            "direction": "Direction",
        },
        "spend": {"spent_at": "Booked", "source": "Source", "amount": "Spend (EUR)"},
        "feedback": {
            "record_id": "Record ID",
            "given_at": "Given",
            "kind": "Kind",
            "verdict": "Verdict",
            "reason": "Reason",
        },
    },
    "zh": {
        "opportunities": {
            "opportunity_id": "商机编号",
            "account": "客户",
            "segment": "客户规模",
            "source": "来源",
            "owner": "负责人",
            "team": "团队",
            "created_at": "创建时间",
            "amount": "金额(元)",
            "expected_close_date": "预计成交日期",
            "lead_id": "线索编号",
        },
        "stage_changes": {
            "record_id": "商机编号",
            "stage": "阶段",
            "entered_at": "进入时间",
            "recorded_at": "记录时间",
        },
        "field_changes": {
            "record_id": "商机编号",
            "field": "字段",
            "changed_at": "变更时间",
            "recorded_at": "记录时间",
            "old": "原值",
            "new": "新值",
        },
        "activities": {
            "record_id": "商机编号",
            "kind": "活动类型",
            "occurred_at": "时间",
            "direction": "方向",
            "contact": "联系人",
        },
        "leads": {"lead_id": "线索编号", "created_at": "创建时间", "source": "来源", "owner": "负责人"},
        "quotas": {
            "period_start": "季度开始",
            "period_end": "下季度开始",
            "amount": "指标(元)",
            "recorded_at": "设定时间",
        },
        "lead_stage_changes": {
            "record_id": "线索编号",
            "stage": "阶段",
            "entered_at": "进入时间",
            "recorded_at": "记录时间",
        },
        "lead_activities": {
            "record_id": "线索编号",
            "kind": "活动类型",
            "occurred_at": "时间",
            "direction": "方向",
        },
        "spend": {"spent_at": "入账时间", "source": "来源", "amount": "费用(元)"},
        "feedback": {
            "record_id": "记录编号",
            "given_at": "反馈时间",
            "kind": "反馈类型",
            "verdict": "结论",
            "reason": "原因",
        },
    },
}
"""Header of every exported column: language, file, canonical column.

Opportunities carry what was entered at creation. Fields in ``field_changes`` keep their canonical names (``amount``,
``expected_close_date``, ``owner``, ``loss_reason``). Tables without a record time of their own (opportunities, leads,
activities, spend, feedback) are recorded when they happen. Stages bear the funnel's names, ends its first name for won
and lost in English, its last in Chinese; a stage change without a time is a record that is in a stage but has no date
yet.
"""

FILES_OF_LEADS: Mapping[str, str] = {"lead_stage_changes": "stage_changes", "lead_activities": "activities"}
"""Files whose records are leads, and the canonical table that each fills; every other file is named like its table."""
