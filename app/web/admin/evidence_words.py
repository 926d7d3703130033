"""Evidence of the checks in words: numbers with names, and what each rule would reject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.results.screening.evidence import CheckEvidence
from app.results.screening.verdicts import RuleCount
from app.web.admin.formats import check_name, count, decimal, number, percent

# What each number of a check is called, and how it is written; others are not shown.
_COUNT, _SHARE, _SCORE, _CORRELATION = "count", "share", "score", "correlation"
_NUMBERS = {
    "above": ("far above", _COUNT),
    "below": ("far below", _COUNT),
    "share": ("share", _SHARE),
    "imbalance": ("on one side", _SHARE),
    "bias": ("bias", _SCORE),
    "pearson": ("Pearson r", _CORRELATION),
    "spearman": ("Spearman ρ", _CORRELATION),
    "threshold": ("asked for", _CORRELATION),
    "stimuli": ("pictures shared", _COUNT),
    "stimuli_needed": ("pictures needed", _COUNT),
    "sd": ("spread", _SCORE),
    "entropy_bits": ("bits per answer", _SCORE),
    "panel_median_entropy_bits": ("usual bits", _SCORE),
    "levels": ("scores used", _COUNT),
    "longest_run": ("longest run", _COUNT),
    "gold": ("gold shown", _COUNT),
    "gold_missed": ("gold missed", _COUNT),
    "traps": ("traps shown", _COUNT),
    "traps_missed": ("traps missed", _COUNT),
    "repeats": ("repeats", _COUNT),
    "repeat_distance": ("repeats apart", _SCORE),
    "others_repeat_distance": ("others’ apart", _SCORE),
    "fast": ("too fast", _COUNT),
    "timed": ("timed", _COUNT),
}
# Nothing is said of what a rater was never shown: the number of what a number is a part of.
_OUT_OF = {
    **dict.fromkeys(("gold", "gold_missed"), "gold"),
    **dict.fromkeys(("traps", "traps_missed"), "traps"),
    **dict.fromkeys(("repeats", "others_repeat_distance"), "repeats"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table of checks."""

    key: str
    check: str
    dimension: str
    status: str
    is_rejecting: bool
    reason: str
    numbers: tuple[tuple[str, str], ...]


def findings_of(
    checks: Sequence[CheckEvidence], rejecting: frozenset[str], labels: Mapping[str, str]
) -> list[Finding]:
    """Every check of a rater, in the order in which it was made."""
    return [
        Finding(
            key=item.check,
            check=capital(item.check),
            dimension=labels.get(item.dimension, "all"),
            status=item.status,
            is_rejecting=item.check in rejecting,
            reason=item.reason,
            numbers=tuple(_numbers(item.numbers)),
        )
        for item in checks
    ]


def grounds_in_words(grounds: Sequence[CheckEvidence], labels: Mapping[str, str]) -> str:
    """Why a rater was proposed, each reason after the dimension that it is about."""
    reasons = [
        f"{labels[item.dimension]}: {item.reason}" if item.dimension in labels else item.reason
        for item in grounds
    ]
    return " ".join(dict.fromkeys(reasons))


def rule_sentence(rule: RuleCount) -> str:
    """What one check would do to the panel: "BT.500 would reject 2 of 12 raters."."""
    judged = rule.failed + rule.passed
    if judged == 0:
        return f"{capital(rule.check)} could judge nobody."
    whom = f"{number(rule.failed)} of {count(judged, 'rater')}" if rule.failed else "nobody"
    verb = "rejects" if rule.is_rejecting else "would reject"
    sentence = f"{capital(rule.check)} {verb} {whom}"
    if rule.not_applicable:
        sentence += f"; {number(rule.not_applicable)} more could not be judged"
    return f"{sentence}."


def capital(check: str) -> str:
    """A check as people call it, at the beginning of a sentence."""
    name = check_name(check)
    return name[:1].upper() + name[1:]


def _numbers(numbers: Mapping[str, float | None]) -> list[tuple[str, str]]:
    return [
        (name, _written(value, form))
        for key, (name, form) in _NUMBERS.items()
        if (value := numbers.get(key)) is not None and numbers.get(_OUT_OF.get(key, "")) != 0
    ]


def _written(value: float, form: str) -> str:
    if form == _COUNT:
        return number(value)
    if form == _SHARE:
        return percent(value)
    return decimal(value, 3 if form == _CORRELATION else 2)
