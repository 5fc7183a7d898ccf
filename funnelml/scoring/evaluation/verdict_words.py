"""Why a verdict was given, in words with figures, English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from funnelml.language import join_words
from funnelml.scoring.evaluation.resampling import Estimate

Words = tuple[str, str]


def tell_auc(auc: Estimate) -> Words:
    """Say how well the scores order."""
    return (
        f"AUC {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})",
        f"AUC 为 {auc.value:.3f}（{auc.low:.3f} 至 {auc.high:.3f}）",
    )


def tell_weak_auc(auc: Estimate, weak_under: float) -> Words:
    """Say that the scores hardly order."""
    en, zh = tell_auc(auc)
    if auc.high < 0.5:
        return f"{en} is under 0.5: the order turned round", f"{zh}，低于 0.5：排序已经反转"
    if auc.low <= 0.5:
        return f"{en} is not shown to be above 0.5", f"{zh}，未能证明高于 0.5"
    return f"{en} is under {weak_under:.2f}", f"{zh}，低于 {weak_under:.2f}"


def tell_log_loss(ours: float, base: float) -> Words:
    """Say whether the log loss is lower than that of the base rate known at training."""
    en, zh = ("against", "低于") if ours < base else ("is not lower than", "不低于")
    return (
        f"log loss {ours:.4f} {en} {base:.4f} of the base rate known at training",
        f"对数损失为 {ours:.4f}，{zh}训练时基准转化率的 {base:.4f}",
    )


def tell_calibration(error: float, perfect_95: float) -> Words:
    """Say how far the probabilities are off, beside a perfect model."""
    return (
        f"calibration error {_points(error)} points (a perfect model of this size: up to {_points(perfect_95)})",
        f"校准误差为 {_points(error)} 个百分点（同等规模的完美模型至多 {_points(perfect_95)}）",
    )


def tell_calibration_fault(error: float, perfect_95: float, margin: float) -> Words:
    """Say that the probabilities are off by more than chance and a margin."""
    en, zh = tell_calibration(error, perfect_95)
    return (
        f"{en} is beyond the {_points(margin)} points tolerated above that",
        f"{zh}，超出在此之上容许的 {_points(margin)}",
    )


def tell_slope_fault(slope: Estimate, allowed: tuple[float, float]) -> Words:
    """Say that the probabilities are too extreme or too timid."""
    low, high = allowed
    extreme = slope.value < low
    return (
        f"calibration slope {slope.value:.2f} ({slope.low:.2f} to {slope.high:.2f}) lies outside of {low} to {high}: "
        f"the probabilities are too {'extreme' if extreme else 'timid'}",
        f"校准斜率为 {slope.value:.2f}（{slope.low:.2f} 至 {slope.high:.2f}），不在 {low} 至 {high} 之间："
        f"概率{'过于极端' if extreme else '过于保守'}",
    )


def tell_leaks(leaks: Sequence[str]) -> Words:
    """Say which fields are suspected."""
    return (
        f"the leak report says to leave out {join_words(leaks)}",
        f"泄漏报告建议剔除 {join_words(leaks, 'zh')}",
    )


def tell_high_auc(auc: Estimate, leak_above: float) -> Words:
    """Say that the scores order too well."""
    en, zh = tell_auc(auc)
    return (
        f"{en} is above {leak_above}: sales are hardly ever so predictable, so some field was probably filled after "
        "the outcome",
        f"{zh}，高于 {leak_above}：销售很少如此可预测，很可能有字段是在结果之后填写的",
    )


def tell_few(number: int, enough: int, *, tested: bool) -> Words:
    """Say that there are few records of the rarer outcome to learn from, or few rows of it to be ``tested`` on."""
    if tested:
        return (
            f"judged on {number:,} rows of the rarer outcome, {enough} would be enough",
            f"较少的一类结果只有 {number:,} 行测试数据，至少需要 {enough} 行",
        )
    return (
        f"learned from {number:,} records of the rarer outcome, {enough} would be enough",
        f"较少的一类结果只有 {number:,} 条训练记录，至少需要 {enough} 条",
    )


def _points(value: float) -> str:
    return f"{100 * value:.1f}"
