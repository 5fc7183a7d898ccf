"""A field that tells more alone than all other fields together: strong and honest, or a leak."""

from __future__ import annotations

from collections.abc import Sequence

from funnelml.scoring.leaks.case import Case
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.questions import Circumstances
from funnelml.scoring.leaks.single_fields import measure_together

STRONG_AUC = 0.8
"""AUC of one field from which on it is compared with all others."""


def find_strongest(cases: Sequence[Case], around: Circumstances) -> list[Case]:
    """Return the cases, those with new evidence whose field tells more alone than all others together.

    The field of the export with the highest AUC, 0.8 at least, is compared with the cross-validated AUC of all other
    fields together; fields to leave out do not count. If the lower bound of the first is above the second, it is a
    suspect, is set aside, and the next is asked.
    """
    standing = sorted((c for c in cases if c.verdict != "leave out"), key=lambda c: c.strength.auc, reverse=True)
    found: dict[str, Case] = {}
    while first := next((c for c in standing if c.of_export and c.strength.auc >= STRONG_AUC), None):
        others = [c for c in standing if c is not first]
        label, fold = around.label[around.tried], around.fold[around.tried]
        together = measure_together([c.log_odds for c in others], label, fold)
        if first.strength.low <= together:
            break
        alone, rest, number = f"{first.strength.auc:.2f}", f"{together:.2f}", f"{len(others):,}"
        found[first.field] = first.with_evidence(
            Evidence(
                kind="strongest",
                weight="hint",
                en=f"tells more alone (AUC {alone}) than all {number} other fields together ({rest})",
                zh=f"单独（AUC {alone}）强于其余 {number} 个字段的总和（{rest}）",
            )
        )
        standing = others
    return [found.get(c.field, c) for c in cases]
