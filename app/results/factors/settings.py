"""The settings of each generator against its default.

The default is the catalogue's; where the catalogue does not know the generator, or no picture was
made with it, the value used most.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.analysis.factors.settings import setting_difference
from app.analysis.matrix import FloatArray
from app.pool.catalogue import CatalogueEntry, load_catalogue
from app.results.factors.data import ConditionRow, FactorData
from app.results.factors.document import SettingEffect
from app.results.runs.rows import defined

LABELS = {
    "guidance": "Guidance",
    "steps": "Steps",
    "scheduler": "Scheduler",
    "size": "Size in px",
}
# More values than these of a number are taken together as below and above the default.
MOST_VALUES = 8

Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting of one generator: its value in each condition, and its default."""

    generator: str
    name: str
    values: Mapping[int, Value]
    default: Value
    default_from: str


def setting_effects(
    data: FactorData, mos: FloatArray, *, level: float, widest: float
) -> tuple[SettingEffect, ...]:
    """Every value of every setting that differs from the default of its generator."""
    return tuple(
        effect
        for setting in _settings(data)
        for effect in _effects(data, mos, setting, level=level, widest=widest)
    )


def _settings(data: FactorData) -> Iterator[_Setting]:
    catalogue = load_catalogue()
    for index, generator in enumerate(data.generators):
        used = data.condition[data.generator == index].tolist()
        conditions = {id_: data.conditions[id_] for id_ in sorted(set(used))}
        for name in LABELS:
            given = {id_: _value(row, name) for id_, row in conditions.items()}
            default = _default(catalogue.get(generator), name)
            if default is not None:
                # What was left to the generator was its default.
                given = {id_: default if v is None else v for id_, v in given.items()}
            counts = Counter(given[id_] for id_ in used if given[id_] is not None)
            if default in counts:
                yield _Setting(generator, name, given, default, "catalogue")
            elif counts:
                most = max(counts.values())
                frequent = min((v for v, count in counts.items() if count == most), key=_sort_key)
                yield _Setting(generator, name, given, frequent, "most frequent")


def _effects(
    data: FactorData, mos: FloatArray, setting: _Setting, *, level: float, widest: float
) -> Iterator[SettingEffect]:
    rows = data.generator == data.generators.index(setting.generator)
    condition = data.condition[rows]
    others = _other_settings(data.conditions, setting)
    stratum = np.array([others[id_] for id_ in condition.tolist()], dtype=np.int64)
    with_default = _is_one_of(condition, setting, {setting.default})
    for text, values in _groups(setting).items():
        found = setting_difference(
            mos[rows],
            data.prompt[rows],
            stratum,
            _is_one_of(condition, setting, values),
            with_default,
            level=level,
            widest=widest,
        )
        yield SettingEffect(
            generator=setting.generator,
            setting=setting.name,
            label=LABELS[setting.name],
            value=text,
            default=_text(setting.default),
            default_from=setting.default_from,
            basis=found.basis.value,
            pictures=found.pictures,
            default_pictures=found.default_pictures,
            prompts=found.prompts,
            difference=defined(found.difference),
            low=defined(found.low),
            high=defined(found.high),
            reason=found.reason,
        )


def _groups(setting: _Setting) -> dict[str, set[Value]]:
    """The values other than the default, by what they are called."""
    values = sorted({*setting.values.values()} - {None, setting.default}, key=_sort_key)
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) <= MOST_VALUES or not isinstance(setting.default, int | float):
        return {_text(value): {value} for value in values}
    below = {value for value in numbers if value < setting.default}
    sides = {"below the default": below, "above the default": set(numbers) - below}
    return {text: {*side} for text, side in sides.items() if side}


def _other_settings(conditions: Mapping[int, ConditionRow], setting: _Setting) -> dict[int, int]:
    """A number for everything that a condition says but this setting."""
    known: dict[tuple[Value, ...], int] = {}
    numbers = {}
    for id_ in setting.values:
        row = conditions[id_]
        rest = tuple(_value(row, name) for name in LABELS if name != setting.name)
        numbers[id_] = known.setdefault((*rest, row.revision, row.extra), len(known))
    return numbers


def _is_one_of(
    condition: np.typing.NDArray[np.int64], setting: _Setting, values: set[Value]
) -> np.typing.NDArray[np.bool_]:
    chosen = [id_ for id_, value in setting.values.items() if value in values]
    return np.isin(condition, np.array(chosen, dtype=np.int64))


def _value(row: ConditionRow, name: str) -> Value:
    if name == "size":
        return None if row.width is None or row.height is None else f"{row.width} × {row.height}"
    value: Value = getattr(row, name)
    return value


def _default(entry: CatalogueEntry | None, name: str) -> Value:
    if entry is None:
        return None
    if name == "size":
        return f"{entry.native_width_px} × {entry.native_height_px}"
    value: Value = getattr(entry, f"default_{name}")
    return value


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sort_key(value: Value) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))
