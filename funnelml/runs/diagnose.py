"""Everything that diagnostics have to say of a workspace, asked in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from funnelml.diagnostics.before_after.compare import compare_before_after
from funnelml.diagnostics.bridge.pipeline import build_bridge
from funnelml.diagnostics.changes.benchmarks import compare_benchmarks
from funnelml.diagnostics.changes.gaps import find_gaps
from funnelml.diagnostics.changes.pile_ups import find_pile_ups
from funnelml.diagnostics.comparison.groups import compare_groups
from funnelml.diagnostics.conversion.rates import measure_conversion
from funnelml.diagnostics.dwell.stays import measure_dwell
from funnelml.diagnostics.dwell.velocity import measure_velocity
from funnelml.diagnostics.early_warnings.stages import stage_rules
from funnelml.diagnostics.early_warnings.warn import warn
from funnelml.diagnostics.integrity.check import check_integrity
from funnelml.diagnostics.leads.feedback import measure_feedback
from funnelml.diagnostics.leads.lifecycle import measure_lead_lifecycle
from funnelml.diagnostics.leads.response_time import measure_response_time
from funnelml.diagnostics.leads.source_costs import measure_source_costs
from funnelml.diagnostics.losses.reasons import measure_loss_reasons
from funnelml.diagnostics.shape.judge import judge_shape
from funnelml.language import Language, say
from funnelml.runs.sections import Section, answer
from funnelml.runs.workspace import Workspace

Progress = Callable[[list[Any]], Iterable[Any]]

TITLES: dict[str, tuple[str, str]] = {
    "conversion": ("Conversion", "转化率"),
    "gaps": ("Gaps and strengths", "缺口与亮点"),
    "benchmarks": ("Against benchmarks", "对照基准"),
    "pile_ups": ("Pile-ups", "积压"),
    "dwell": ("Time in stage", "停留时间"),
    "velocity": ("Sales velocity", "销售速度"),
    "shape": ("Shape of the funnel", "漏斗形态"),
    "owners": ("Owners", "负责人"),
    "teams": ("Teams", "团队"),
    "sources": ("Sources", "来源"),
    "segments": ("Segments", "客群"),
    "integrity": ("What the log betrays", "数据真实性"),
    "loss_reasons": ("Loss reasons", "输单原因"),
    "feedback": ("Feedback", "反馈"),
    "leads": ("Lead lifecycle", "线索生命周期"),
    "response_time": ("Response time", "响应时间"),
    "source_costs": ("Cost of sources", "获客成本"),
    "bridge": ("What changed", "变化分析"),
    "warnings": ("Early warnings", "预警"),
}
"""Title of each section in English and Chinese, in the order of a page."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What diagnostics say of one funnel on one day.

    Parameters
    ----------
    as_of, since : datetime.date
        Last day that is known, and the day that it is compared with.
    funnel : str
        Name of the funnel.
    sections : tuple of Section
        The answers in the order of ``TITLES``, then one for each change of process.
    """

    as_of: date
    since: date
    funnel: str
    sections: tuple[Section, ...]

    def __getitem__(self, name: str) -> Section:
        return next(section for section in self.sections if section.name == name)

    def summary(self, language: Language = "en") -> str:
        """Return what a sales director should read first: gaps, pile-ups, shape and warnings."""
        first = [self[name] for name in ("gaps", "pile_ups", "shape", "warnings")]
        return say(language, en=" ", zh="").join(section.summary(language) for section in first)

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return the object that ``funnelml diagnose --json`` prints."""
        return {
            "schema_version": 1,
            "funnel": self.funnel,
            "as_of": self.as_of.isoformat(),
            "since": self.since.isoformat(),
            "sections": {section.name: section.to_dict(language) for section in self.sections},
        }


def diagnose(
    workspace: Workspace,
    *,
    as_of: date,
    since: date | None = None,
    funnel: str | None = None,
    seed: int = 0,
    progress: Progress = iter,
) -> Diagnosis:
    """Ask every diagnostic of one funnel.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace.
    as_of : datetime.date
        Last day that is known.
    since : datetime.date, optional
        Day that the bridge starts from; four weeks before ``as_of`` by default.
    funnel : str, optional
        Name of the funnel; the first by default.
    seed : int
        Seed of all intervals.
    progress : callable
        Wraps the list of questions as they are worked through.

    Returns
    -------
    Diagnosis
        A question that the data cannot answer is a section that says why.
    """
    of = workspace.history.funnel(funnel)
    since = since or as_of - timedelta(days=28)
    sections = []
    for name, title, ask in progress(list(_questions(workspace, as_of, since, of.name, seed))):
        sections.append(answer(name, title, ask))
    return Diagnosis(as_of=as_of, since=since, funnel=of.name, sections=tuple(sections))


def _questions(
    workspace: Workspace, as_of: date, since: date, funnel: str, seed: int
) -> Iterator[tuple[str, tuple[str, str], Callable[[], Any]]]:
    history, settings = workspace.history, workspace.settings
    told = settings.diagnostics
    at: dict[str, Any] = {"as_of": as_of, "funnel": funnel}
    money: dict[str, Any] = at | {"currency": settings.currency}
    year: dict[str, Any] = {"fiscal_year_start": settings.fiscal_year_start}
    watched = stage_rules(currency=settings.currency, **year)
    criteria, benchmarks = told.criteria.get(funnel, ()), told.benchmarks.get(funnel, ())
    comparisons = {
        f"{by}s": partial(compare_groups, history, by=by, **money, **year, seed=seed)
        for by in ("owner", "team", "source", "segment")
    }
    asks: dict[str, Callable[[], Any]] = {
        "conversion": partial(measure_conversion, history, **money, **year, seed=seed),
        "gaps": partial(find_gaps, history, **money, **year, seed=seed),
        "benchmarks": partial(compare_benchmarks, history, benchmarks=benchmarks, **money, **year),
        "pile_ups": partial(find_pile_ups, history, **at, **year),
        "dwell": partial(measure_dwell, history, **at, seed=seed),
        "velocity": partial(measure_velocity, history, **money, seed=seed),
        "shape": partial(judge_shape, history, **at, seed=seed),
        **comparisons,
        "integrity": partial(check_integrity, history, criteria=criteria, **at, **year),
        "loss_reasons": partial(measure_loss_reasons, history, rules=told.reasons, **money, **year),
        "feedback": partial(measure_feedback, history, rules=told.reasons, **at),
        "leads": partial(measure_lead_lifecycle, history, as_of=as_of),
        "response_time": partial(measure_response_time, history, as_of=as_of),
        "source_costs": partial(measure_source_costs, history, **money, seed=seed),
        "bridge": partial(build_bridge, history, since=since, **money),
        "warnings": partial(warn, history, rules=told.warnings, stage_rules=watched, **money),
    }
    for name, title in TITLES.items():
        yield name, title, asks[name]
    for change in told.changes.get(funnel, ()):
        title = (f"Did it help: {change.name}", f"是否有效：{change.name}")
        yield f"change {change.name}", title, partial(compare_before_after, history, change=change, **at)
