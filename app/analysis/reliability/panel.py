"""Everything about the reliability of a panel in one go: per column and between dimensions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.overall import column_names, normalised_weights, with_overall
from app.analysis.reliability import wording
from app.analysis.reliability.alpha import (
    ALPHA_BOUNDS_METHOD,
    ALPHA_METHOD,
    MIN_RATERS,
    AlphaBounds,
    alpha_bounds,
    krippendorff_alpha,
)
from app.analysis.reliability.between_dimensions import (
    ACROSS_HALVES_METHOD,
    DISATTENUATED_METHOD,
    HALO_METHOD,
    DimensionPair,
    between_dimensions,
)
from app.analysis.reliability.blocks import NO_BLOCK, Block, block_table, complete_block
from app.analysis.reliability.ceiling import CEILING_METHOD, noise_ceiling
from app.analysis.reliability.coefficient import Coefficient
from app.analysis.reliability.icc import (
    COMPONENTS_METHOD,
    ICC_AVERAGE_METHOD,
    ICC_SINGLE_METHOD,
    Intraclass,
    intraclass_correlation,
    variance_components,
)
from app.analysis.reliability.split_half import SPLIT_HALF_METHOD, SPLITS, SplitHalf, split_half
from app.analysis.resampling import RESAMPLES, SEED

METHODS = (
    ALPHA_METHOD,
    ALPHA_BOUNDS_METHOD,
    ICC_SINGLE_METHOD,
    ICC_AVERAGE_METHOD,
    COMPONENTS_METHOD,
    SPLIT_HALF_METHOD,
    CEILING_METHOD,
    HALO_METHOD,
    DISATTENUATED_METHOD,
    ACROSS_HALVES_METHOD,
)
"""Ids of everything that a panel's reliability is made of."""

# Ratings times resamples: beyond it fewer panels are drawn, which bounds the time it takes.
_MOST_WORK = 10**9
_FEWEST_RESAMPLES = 200
# Degrees of freedom, (raters - 1)(stimuli - 1), that a part of a design needs for an ICC.
_FEWEST_FREEDOM = 10


@dataclass(frozen=True, slots=True)
class ColumnReliability:
    """One dimension, or overall.

    alpha : agreement of single ratings, any gaps. icc_single, icc_average : on the complete
    block. components : the share of the stimuli by variance components, any gaps, no bounds.
    split_half_srcc, split_half_plcc : of the MOS of the whole panel. ceiling_srcc, ceiling_plcc :
    what a metric can reach.
    """

    column: str
    alpha: Coefficient
    icc_single: Coefficient
    icc_average: Coefficient
    components: Coefficient
    split_half_srcc: Coefficient
    split_half_plcc: Coefficient
    ceiling_srcc: Coefficient
    ceiling_plcc: Coefficient

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """All of them, in this order."""
        return (
            self.alpha,
            self.icc_single,
            self.icc_average,
            self.components,
            self.split_half_srcc,
            self.split_half_plcc,
            self.ceiling_srcc,
            self.ceiling_plcc,
        )


@dataclass(frozen=True, slots=True)
class PairReliability:
    """Two dimensions, with what their correlations say and why to take care, if so."""

    pair: DimensionPair
    sentence: str
    caution: str | None


@dataclass(frozen=True, slots=True)
class PanelReliability:
    """How far a panel agrees; `columns` are the dimensions in protocol order, then overall.

    resamples : panels drawn for the bounds; 0 with fewer than five raters. splits : of the
    raters in halves. Everything is drawn from `seed`.
    """

    level: float
    resamples: int
    splits: int
    seed: int
    raters: int
    stimuli: int
    ratings: int
    columns: tuple[ColumnReliability, ...]
    pairs: tuple[PairReliability, ...]
    methods: tuple[str, ...] = METHODS


def panel_reliability(
    matrix: RatingMatrix,
    *,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    splits: int = SPLITS,
    seed: int = SEED,
) -> PanelReliability:
    """Reliability of single ratings and of the MOS, per column and between dimensions.

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings of the raters kept, in any order.
    weights : of the dimensions in the overall score. level : of all bounds.
    resamples : panels drawn for bounds over raters; fewer (200 at least) where ratings times
        resamples exceed a thousand million, and the result says how many.

    See `krippendorff_alpha`, `alpha_bounds`, `complete_block`, `intraclass_correlation`,
    `variance_components`, `split_half`, `noise_ceiling` and `between_dimensions` for formulas
    and edge cases. Whatever is not defined is NaN with a sentence that says why. Raters and
    stimuli without ratings change nothing.
    """
    matrix = matrix.canonical()
    bounded = max(_FEWEST_RESAMPLES, _MOST_WORK // max(matrix.ratings, 1))
    resamples = min(resamples, bounded)
    shares = normalised_weights(matrix.dimensions, weights)
    values = with_overall(matrix.levels.astype(np.float64), shares)
    alpha = krippendorff_alpha(matrix, weights=weights)
    bounds = alpha_bounds(matrix, weights=weights, level=level, resamples=resamples, seed=seed)
    block = _usable_block(matrix)
    splitted = split_half(matrix, weights=weights, level=level, splits=splits, seed=seed)
    panel = _Panel(matrix, level)
    columns = tuple(
        panel.column(name, c, values[:, c], float(alpha[c]), bounds, block, splitted)
        for c, name in enumerate(column_names(matrix))
    )
    pairs = between_dimensions(matrix, level=level, resamples=resamples, splits=splits, seed=seed)
    return PanelReliability(
        level=level,
        resamples=bounds.resamples,
        splits=splits,
        seed=seed,
        raters=panel.raters,
        stimuli=panel.stimuli,
        ratings=matrix.ratings,
        columns=columns,
        pairs=tuple(
            PairReliability(pair, wording.pair_sentence(pair), pair.caution) for pair in pairs
        ),
    )


def _usable_block(matrix: RatingMatrix) -> Block:
    """The complete block; none where it is a scrap of the design that says nothing."""
    block = complete_block(matrix)
    freedom = (len(block.raters) - 1) * (len(block.stimuli) - 1)
    is_all = block.ratings == matrix.ratings
    return block if is_all or freedom >= _FEWEST_FREEDOM else NO_BLOCK


class _Panel:
    """The panel's numbers, put beside what they were computed from."""

    def __init__(self, matrix: RatingMatrix, level: float) -> None:
        self.matrix = matrix
        self.level = level
        self.raters = int((matrix.ratings_by_rater > 0).sum())
        self.stimuli = int((matrix.ratings_by_stimulus > 0).sum())

    def column(
        self,
        name: str,
        c: int,
        values: FloatArray,
        alpha: float,
        bounds: AlphaBounds,
        block: Block,
        splitted: SplitHalf,
    ) -> ColumnReliability:
        icc = intraclass_correlation(block_table(self.matrix, values, block), level=self.level)
        srcc = float(splitted.srcc_full[c])
        plcc = float(splitted.plcc_full[c])
        srcc_range = (float(splitted.srcc_low[c]), float(splitted.srcc_high[c]))
        plcc_range = (float(splitted.plcc_low[c]), float(splitted.plcc_high[c]))
        return ColumnReliability(
            column=name,
            alpha=self._alpha(alpha, float(bounds.low[c]), float(bounds.high[c])),
            icc_single=self._icc_single(icc, block),
            icc_average=self._icc_average(icc, block),
            components=self._components(values),
            split_half_srcc=self._split_half(
                srcc, srcc_range, wording.split_half_sentence(srcc, self.raters)
            ),
            split_half_plcc=self._split_half(
                plcc, plcc_range, wording.straight_sentence(plcc, self.raters)
            ),
            ceiling_srcc=self._ceiling(srcc, srcc_range, "SRCC"),
            ceiling_plcc=self._ceiling(plcc, plcc_range, "PLCC"),
        )

    def _alpha(self, value: float, low: float, high: float) -> Coefficient:
        shared = self.matrix.ratings_by_stimulus >= 2
        interval = f"{100 * self.level:g} % interval from resampling the raters"
        sentence = wording.alpha_sentence(value)
        if self.raters < MIN_RATERS and not math.isnan(value):
            sentence += f" No interval: that takes {MIN_RATERS} raters."
        return Coefficient(
            method=ALPHA_METHOD,
            value=value,
            low=low,
            high=high,
            interval="" if math.isnan(low) else interval,
            raters=len(np.unique(self.matrix.rater[shared[self.matrix.stimulus]])),
            stimuli=int(shared.sum()),
            ratings=int(self.matrix.ratings_by_stimulus[shared].sum()),
            sentence=sentence,
        )

    def _icc_single(self, icc: Intraclass, block: Block) -> Coefficient:
        sentence = wording.single_sentence(icc, block, self.matrix.ratings)
        bounds = (icc.single_low, icc.single_high)
        return self._of_block(ICC_SINGLE_METHOD, icc.single, bounds, block, sentence)

    def _icc_average(self, icc: Intraclass, block: Block) -> Coefficient:
        sentence = wording.average_sentence(icc, block, self.matrix.ratings)
        bounds = (icc.average_low, icc.average_high)
        return self._of_block(ICC_AVERAGE_METHOD, icc.average, bounds, block, sentence)

    def _of_block(
        self, method: str, value: float, bounds: tuple[float, float], block: Block, sentence: str
    ) -> Coefficient:
        return Coefficient(
            method=method,
            value=value,
            low=bounds[0],
            high=bounds[1],
            interval="" if math.isnan(bounds[0]) else f"{100 * self.level:g} % F interval",
            raters=len(block.raters),
            stimuli=len(block.stimuli),
            ratings=block.ratings,
            sentence=sentence,
        )

    def _components(self, values: FloatArray) -> Coefficient:
        matrix = self.matrix
        found = variance_components(
            values,
            matrix.stimulus,
            matrix.rater,
            stimuli=len(matrix.stimulus_ids),
            raters=len(matrix.rater_ids),
        )
        sentence = wording.components_sentence(found.single)
        return self._of_all(COMPONENTS_METHOD, found.single, (math.nan, math.nan), "", sentence)

    def _split_half(self, value: float, bounds: tuple[float, float], sentence: str) -> Coefficient:
        interval = f"range of {100 * self.level:g} % of the splits"
        return self._of_all(SPLIT_HALF_METHOD, value, bounds, interval, sentence)

    def _ceiling(self, value: float, bounds: tuple[float, float], kind: str) -> Coefficient:
        ceiling = noise_ceiling(value)
        low, high = (noise_ceiling(bound) for bound in bounds)
        interval = f"range of {100 * self.level:g} % of the splits"
        sentence = wording.ceiling_sentence(ceiling, kind)
        return self._of_all(CEILING_METHOD, ceiling, (low, high), interval, sentence)

    def _of_all(
        self,
        method: str,
        value: float,
        bounds: tuple[float, float],
        interval: str,
        sentence: str,
    ) -> Coefficient:
        return Coefficient(
            method=method,
            value=value,
            low=bounds[0],
            high=bounds[1],
            interval="" if math.isnan(bounds[0]) else interval,
            raters=self.raters,
            stimuli=self.stimuli,
            ratings=self.matrix.ratings,
            sentence=sentence,
        )
