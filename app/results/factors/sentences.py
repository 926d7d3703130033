"""What the factors say, in sentences for people who are no statisticians."""

from collections.abc import Mapping, Sequence

from app.results.factors.document import FactorShare, GroupMean, SettingEffect

_CLEAR_EFFECTS = 3


def sentences_of(
    label: str,
    *,
    level: float,
    noise_share: float | None,
    shares: Mapping[str, FactorShare],
    generators: Sequence[GroupMean],
    settings: Sequence[SettingEffect],
) -> tuple[str, ...]:
    """The findings on one dimension, the most important first."""
    said = [
        *_explained(label, shares, level),
        *_prompt_properties(label, shares),
        *_ranking(label, generators),
        *_settings(label, settings),
        *_noise(noise_share),
    ]
    return tuple(said)


def _explained(label: str, shares: Mapping[str, FactorShare], level: float) -> list[str]:
    generator, prompt, settings = shares["generator"], shares["prompt"], shares["settings"]
    if generator.share is None and prompt.share is None:
        return [f"What explains {_what(label)} cannot be said: {_because(generator)}"]
    said = []
    if generator.share is not None:
        said.append(
            f"The generator explains {_percent(generator.share)} of the differences in"
            f" {_what(label)} between pictures{_interval(generator, level)}"
        )
        if prompt.share is not None:
            said[-1] += f"; the prompt {_percent(prompt.share)}{_interval(prompt)}"
        said[-1] += "."
    elif prompt.share is not None:
        said.append(
            f"The prompt explains {_percent(prompt.share)} of the differences in {_what(label)}"
            f" between pictures{_interval(prompt, level)}."
        )
    if generator.share is not None and not generator.adjusted:
        said.append(
            "The generators did not draw the same prompts, or too few of them: what looks like a"
            " difference between generators may be one between their prompts."
        )
    if settings.share is not None:
        said.append(
            f"The settings of the generators explain another {_percent(settings.share)}"
            f"{_interval(settings)}."
        )
    return said


def _prompt_properties(label: str, shares: Mapping[str, FactorShare]) -> list[str]:
    known = [
        f"{name} explains {_percent(share.share)}{_interval(share)}"
        for name, share in (
            ("their length", shares["length"]),
            ("their category", shares["category"]),
        )
        if share.share is not None
    ]
    if not known:
        return []
    found = (shares["length"], shares["category"])
    if all(share.low == 0 and share.high == 1 for share in found if share.share is not None):
        return [
            "How much of the differences between prompts goes with their length or category cannot"
            " be told from so few prompts: the intervals reach from 0 % to 100 %."
        ]
    return [f"Of the differences in {_what(label)} between prompts, {' and '.join(known)}."]


def _ranking(label: str, generators: Sequence[GroupMean]) -> list[str]:
    if len(generators) < 2:
        return []
    best, worst = generators[0], generators[-1]
    return [
        f"{best.name} has the highest mean in {_what(label)} ({best.mean:.2f}), {worst.name} the"
        f" lowest ({worst.mean:.2f})."
    ]


def _settings(label: str, settings: Sequence[SettingEffect]) -> list[str]:
    """The largest effects whose interval is on one side of zero."""
    clear = [
        effect
        for effect in settings
        if effect.difference is not None
        and effect.low is not None
        and effect.high is not None
        and (effect.low > 0 or effect.high < 0)
    ]
    clear.sort(key=lambda effect: -abs(effect.difference or 0.0))
    return [
        f"{effect.generator} with {effect.label.lower()} {effect.value} instead of"
        f" {effect.default} {'gains' if effect.difference > 0 else 'loses'}"
        f" {abs(effect.difference):.2f} in {_what(label)}"
        f" ({_bounds(effect)}; {effect.basis}, {effect.prompts:,} prompts)."
        for effect in clear[:_CLEAR_EFFECTS]
        if effect.difference is not None
    ]


def _noise(noise_share: float | None) -> list[str]:
    if noise_share is None:
        return []
    if noise_share >= 1:
        return ["The pictures differ no more than the spread of so few ratings lets them."]
    return [
        f"{_percent(noise_share)} of the variance of the scores is rating noise, what so many"
        " raters leave uncertain; it is taken off before these shares are computed."
    ]


def _bounds(effect: SettingEffect) -> str:
    low, high = sorted((abs(effect.low or 0.0), abs(effect.high or 0.0)))
    return f"between {low:.2f} and {high:.2f}"


def _what(label: str) -> str:
    return "the overall score" if label == "Overall" else label.lower()


def _because(share: FactorShare) -> str:
    reason = share.reason or "There is too little to go by."
    return reason[:1].lower() + reason[1:]


def _interval(share: FactorShare, level: float | None = None) -> str:
    if share.low is None or share.high is None:
        return ""
    said = f"{_percent(share.low)} to {_percent(share.high)}"
    return f" ({said})" if level is None else f" ({100 * level:g} % interval: {said})"


def _percent(share: float) -> str:
    """A share in whole per cent, as people write it."""
    return f"{100 * share:.0f} %" if share >= 0.005 or share <= 0 else "less than 1 %"
