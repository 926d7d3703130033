"""The study of factors: what generators, settings and prompts have to do with the scores.

Computed from a run's raw MOS as stored, and from what the pool knows of the pictures.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.correlation import pearson_within, srcc
from app.analysis.factors.lengths import LENGTH_METHOD, NAMES, length_class
from app.analysis.factors.means import MEAN_METHOD, clustered_mean
from app.analysis.factors.settings import DIFFERENCE_METHOD
from app.analysis.factors.shares import (
    NOISE_METHOD,
    PROMPT,
    SETTINGS,
    SHARE_METHOD,
    Pictures,
    VarianceShare,
    noise_share,
    picture_shares,
    prompt_factor_share,
)
from app.analysis.matrix import OVERALL, BoolArray, FloatArray, IntArray
from app.database.tables import Study
from app.results.factors.data import FactorData, load_factor_data
from app.results.factors.document import (
    DimensionFactors,
    DimensionPair,
    FactorShare,
    GeneratorAgreement,
    GroupMean,
    StudyFactors,
)
from app.results.factors.sentences import sentences_of
from app.results.factors.settings import setting_effects
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_run
from app.results.runs.rows import defined
from app.results.runs.threads import in_thread
from app.study.protocol import Protocol
from app.study.studies import protocol_of

AGREEMENT_METHOD = "factors/dimensions-within-generator@1"
METHODS = (
    SHARE_METHOD,
    NOISE_METHOD,
    MEAN_METHOD,
    DIFFERENCE_METHOD,
    LENGTH_METHOD,
    AGREEMENT_METHOD,
)
FACTOR_LABELS = {
    "generator": "Generator",
    SETTINGS: "Settings, beyond the generator",
    "condition": "Condition: generator with settings",
    PROMPT: "Prompt",
    "length": "Prompt length",
    "category": "Prompt category",
}


async def study_factors(session: AsyncSession, *, run_id: int) -> StudyFactors:
    """What the factors of a run's pictures explain; computed in a thread.

    The run's scores must be stored.  Raises NotFound for an unknown run.
    """
    run = await get_run(session, run_id=run_id)
    study = await session.get_one(Study, run.study_id)
    protocol = protocol_of(study)
    level = AnalysisConfiguration.model_validate(run.configuration).level
    keys = [*(dimension.key for dimension in protocol.dimensions), OVERALL]
    data = await load_factor_data(session, run_id=run_id, dimensions=keys)
    return await in_thread(factors_of, data, protocol, level=level)


def factors_of(data: FactorData, protocol: Protocol, *, level: float) -> StudyFactors:
    """The document for loaded pictures."""
    labels = {d.key: d.label for d in protocol.dimensions} | {OVERALL: "Overall"}
    ends = float(protocol.scale.low), float(protocol.scale.high)
    return StudyFactors(
        methods=METHODS,
        level=level,
        pictures=len(data.prompt),
        prompts=len(np.unique(data.prompt)),
        generators=len(data.generators),
        dimensions=tuple(
            _dimension(data, key, label, ends, level) for key, label in labels.items()
        ),
        pairs=tuple(
            _pair(data, (first.key, first.label), (second.key, second.label))
            for first, second in combinations(protocol.dimensions, 2)
        ),
        notes=_notes(data),
    )


def _dimension(
    data: FactorData, key: str, label: str, ends: tuple[float, float], level: float
) -> DimensionFactors:
    scores = data.scores[key]
    rated = ~np.isnan(scores.mos)
    pictures = Pictures(
        mos=scores.mos[rated],
        sos=scores.sos[rated],
        n=scores.n[rated],
        prompt=data.prompt[rated],
        generator=data.generator[rated],
        condition=data.condition[rated],
    )
    names, category = _categories(data)
    length = length_class(data.words)
    found = picture_shares(pictures, level=level) | {
        "length": prompt_factor_share(pictures, length[rated], level=level),
        "category": prompt_factor_share(pictures, category[rated], level=level),
    }
    shares = {factor: _share(factor, found[factor]) for factor in FACTOR_LABELS}

    def means(group: IntArray, group_names: Sequence[str]) -> list[GroupMean]:
        return _means(scores.mos, data.prompt, group, group_names, ends, level)

    generators = _best_first(means(data.generator, data.generators))
    settings = setting_effects(data, scores.mos, level=level, widest=ends[1] - ends[0])
    noise = defined(noise_share(pictures))
    return DimensionFactors(
        key=key,
        label=label,
        pictures=int(rated.sum()),
        mos_sd=defined(pictures.mos.std(ddof=1)) if rated.sum() > 1 else None,
        noise_share=noise,
        shares=tuple(shares.values()),
        generators=tuple(generators),
        lengths=tuple(means(length, NAMES)),
        categories=tuple(_best_first(means(category, names))),
        settings=settings,
        sentences=sentences_of(
            label,
            level=level,
            noise_share=noise,
            shares=shares,
            generators=generators,
            settings=settings,
        ),
    )


def _share(factor: str, found: VarianceShare) -> FactorShare:
    return FactorShare(
        factor=factor,
        label=FACTOR_LABELS[factor],
        groups=found.groups,
        of="prompts" if factor in ("length", "category") else "pictures",
        eta_squared=defined(found.eta_squared),
        omega_squared=defined(found.omega_squared),
        share=defined(found.share),
        low=defined(found.low),
        high=defined(found.high),
        adjusted=found.adjusted,
        reason=found.reason,
    )


def _means(
    mos: FloatArray,
    prompt: IntArray,
    group: IntArray,
    names: Sequence[str],
    ends: tuple[float, float],
    level: float,
) -> list[GroupMean]:
    """The mean of every group that has a picture with a score."""
    found = []
    for index, name in enumerate(names):
        rows: BoolArray = group == index
        mean = clustered_mean(mos[rows], prompt[rows], level=level, bounds=ends)
        if mean.pictures:
            found.append(
                GroupMean(
                    name=name,
                    pictures=mean.pictures,
                    prompts=mean.prompts,
                    mean=mean.mean,
                    low=defined(mean.low),
                    high=defined(mean.high),
                    reason=mean.reason,
                )
            )
    return found


def _best_first(means: list[GroupMean]) -> list[GroupMean]:
    return sorted(means, key=lambda mean: (-mean.mean, mean.name))


def _categories(data: FactorData) -> tuple[list[str], IntArray]:
    """The categories in alphabetical order, and each picture's; -1 for none."""
    names = sorted({category for category in data.category if category})
    place = {name: index for index, name in enumerate(names)}
    given = [place[category] if category else -1 for category in data.category]
    return names, np.array(given, dtype=np.int64)


def _pair(data: FactorData, first: tuple[str, str], second: tuple[str, str]) -> DimensionPair:
    x, y = data.scores[first[0]].mos, data.scores[second[0]].mos
    everything = np.ones(len(x), dtype=np.bool_)
    rows = [data.generator == index for index in range(len(data.generators))]
    within = [_agreement(name, x, y, at) for name, at in zip(data.generators, rows, strict=True)]
    known = [part for part in within if part.srcc is not None]
    pictures = sum(part.pictures for part in known)
    weighted = sum(part.pictures * (part.srcc or 0.0) for part in known)
    mean = weighted / pictures if pictures else None
    overall = _agreement("", x, y, everything)
    return DimensionPair(
        first=first[0],
        first_label=first[1],
        second=second[0],
        second_label=second[1],
        overall=overall,
        generators=tuple(within),
        within=mean,
        between=_between(x, y, rows),
        sentence=_pair_sentence(first[1], second[1], overall.srcc, mean),
    )


def _agreement(name: str, x: FloatArray, y: FloatArray, rows: BoolArray) -> GeneratorAgreement:
    both = rows & ~np.isnan(x) & ~np.isnan(y)
    one_group = np.zeros(int(both.sum()), dtype=np.int64)
    return GeneratorAgreement(
        generator=name,
        pictures=int(both.sum()),
        srcc=defined(srcc(x[both], y[both])),
        plcc=defined(pearson_within(x[both], y[both], one_group, 1)[0]),
    )


def _between(x: FloatArray, y: FloatArray, rows: Sequence[BoolArray]) -> float | None:
    known = ~np.isnan(x) & ~np.isnan(y)
    present = [at & known for at in rows if (at & known).any()]
    if len(present) < 3:
        return None
    return defined(srcc([x[at].mean() for at in present], [y[at].mean() for at in present]))


def _pair_sentence(first: str, second: str, overall: float | None, within: float | None) -> str:
    names = f"{first} and {second.lower()}"
    if overall is None:
        return f"How far {names} go together cannot be said with these pictures."
    said = f"{names} go together with a rank correlation of {overall:.2f} over all pictures"
    if within is None:
        return f"{said}."
    return (
        f"{said} and of {within:.2f} within the pictures of one generator; what is left above the"
        " second figure is that some generators are better in both."
        if overall > within + 0.05
        else f"{said} and of {within:.2f} within the pictures of one generator."
    )


def _notes(data: FactorData) -> tuple[str, ...]:
    prompts = len(np.unique(data.prompt))
    without = sum(1 for category in data.category if not category)
    notes = [
        "Pictures of one prompt are alike, so intervals are over prompts: they say how far a"
        " figure would move with other prompts, not with another panel."
    ]
    if prompts == len(data.prompt) and prompts:
        notes.append("Every prompt has a single picture, so nothing can be said of prompts.")
    if 0 < without < len(data.category):
        notes.append(f"{without:,} pictures have a prompt without a category and are in none.")
    if len(data.generators) > 1:
        notes.append(
            "Intervals of settings are not corrected for their number: of twenty settings without"
            " any effect, one would be expected to show one."
        )
    return tuple(notes)
