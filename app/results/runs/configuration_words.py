"""A configuration in words, and in which of them two configurations differ."""

from collections.abc import Mapping
from typing import Any

from app.analysis.estimates import EstimateMethod, description
from app.results.runs.configuration import AnalysisConfiguration, Part

CHECK_NAMES = {
    "bt500": "BT.500",
    "agreement": "agreement",
    "variation": "variation",
    "controls": "controls",
    "pace": "pace",
    "vqeg": "VQEG",
    "bt1788": "BT.1788",
    "p913": "P.913",
    "bt500-on-z": "BT.500 on z-scores",
}
INTERVAL_NAMES = {
    "sos-jeffreys": "SOS-calibrated Jeffreys",
    "student-t": "Student t",
    "pooled-t": "pooled t",
    "normal": "normal",
    "bootstrap-raters": "bootstrap over raters",
}


def configuration_words(
    configuration: AnalysisConfiguration, labels: Mapping[str, str]
) -> dict[str, str]:
    """What was chosen, by heading; ``labels`` are what people call the dimensions."""
    weights = configuration.weights or {}
    shares = ", ".join(f"{labels.get(k, k).lower()} {v:g}" for k, v in weights.items())
    return {
        "Rejecting by": _names(configuration.rejecting, CHECK_NAMES) or "nothing",
        "Intervals": f"{INTERVAL_NAMES.get(configuration.interval, configuration.interval)},"
        f" {100 * configuration.level:g} %",
        "Weights": shares or "of the protocol",
        "Methods of estimation": _methods(configuration),
        "Report": _parts(configuration),
    }


def differences(
    first: AnalysisConfiguration, second: AnalysisConfiguration, labels: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Where two configurations differ: heading, the first's words, the second's."""
    one, other = configuration_words(first, labels), configuration_words(second, labels)
    found = [(head, one[head], other[head]) for head in one if one[head] != other[head]]
    return found + _parameters(first, second)


def _parameters(
    first: AnalysisConfiguration, second: AnalysisConfiguration
) -> list[tuple[str, str, str]]:
    """Parameters of checks that differ, each by the check's name and its own."""
    one, other = first.model_dump(mode="json"), second.model_dump(mode="json")
    found = []
    for check, name in CHECK_NAMES.items():
        part = check.replace("-", "_")
        for key in one.get(part, {}):
            before, after = one[part][key], other[part][key]
            if before != after:
                heading = f"Check {name}: {key.replace('_', ' ')}"
                found.append((heading, _value(before), _value(after)))
    decided = {"confirmed": "Confirmed rejections", "overruled": "Overruled proposals"}
    for key, heading in decided.items():
        if one.get(key) != other.get(key):
            found.append((heading, str(len(one[key] or ())), str(len(other[key] or ()))))
    return found


def _names(keys: tuple[str, ...], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(key, key) for key in keys)


def _methods(configuration: AnalysisConfiguration) -> str:
    chosen = configuration.estimates
    if set(chosen) == set(EstimateMethod):
        return "all"
    return ", ".join(description(method).title for method in chosen) or "none"


def _parts(configuration: AnalysisConfiguration) -> str:
    if set(configuration.parts) == set(Part):
        return "all parts"
    return ", ".join(configuration.parts) or "no further parts"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
