"""The default analysis of a study of AIGIQA-20K's size, from PostgreSQL, beside sureal's.

Run `make bench-analysis`: 21 raters, 20,000 stimuli, two dimensions, 420,000 ratings with two
levels each, in an embedded PostgreSQL of its own.  Measured is the whole way from a database
session to the results: loading, screening, raw and z-score MOS with intervals, alpha before and
after, fingerprint.  sureal does less (z-scores, BT.500, MOS of each dimension), and gets its
scores ready-made in memory.  Ends with an error if a bar is missed.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from filled_study import RATERS, STIMULI, filled_database

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.run import Analysis, analyse
from app.database.engine import open_session
from app.results.ratings.loading import StudyRatings, load_ratings
from app.results.runs.configuration import AnalysisConfiguration
from app.study.templates import quality_and_alignment

BAR_SECONDS = 0.25
BAR_TIMES_FASTER = 40
BAR_MIB = 300

RUNS = 15
SETUP = AnalysisConfiguration().completed_by(quality_and_alignment())


async def load_and_analyse(session: Any) -> tuple[StudyRatings, Analysis, float]:
    """The default analysis of the study, and the seconds that loading took of it."""
    started = perf_counter()
    ratings = await load_ratings(session, study_id=1)
    loaded = perf_counter() - started
    return ratings, analyse(ratings.matrix, SETUP.for_analysis()), loaded


async def measure_ours(url: str) -> tuple[float, StudyRatings]:
    """Print and return the median of several runs, whose results must be the same bits."""
    whole, loading, results = [], [], set()
    async with open_session(url) as sessions:
        for _ in range(RUNS):
            async with sessions() as session:
                await session.connection()
                started = perf_counter()
                ratings, analysis, loaded = await load_and_analyse(session)
                whole.append(perf_counter() - started)
                loading.append(loaded)
                results.add(digest_of(analysis))
    if len(results) > 1:
        sys.exit("The same ratings gave different results.")
    print(f"{ratings.matrix.ratings:,} ratings of {ratings.matrix.dimensions}", end="; ")
    print(f"rejected: {len(analysis.rejected)} of {len(analysis.rater_ids)} raters")
    print(f"{RUNS} runs, the same bits each time: {next(iter(results))[:12]}")
    for what, times in (
        ("load", loading),
        ("analyse", [w - part for w, part in zip(whole, loading, strict=True)]),
        ("whole", whole),
    ):
        print(f"{what:32} least {min(times):6.3f} s   median {median(times):6.3f} s")
    return median(whole), ratings


def digest_of(result: Any) -> str:
    """A digest of all values of nested dataclasses, arrays by their bytes."""
    digest = sha256()

    def add(value: Any) -> None:
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                add(getattr(value, field.name))
        elif isinstance(value, np.ndarray):
            digest.update(value.tobytes())
        elif isinstance(value, tuple | frozenset):
            for item in sorted(value) if isinstance(value, frozenset) else value:
                add(item)
        else:
            digest.update(repr(value).encode())

    add(result)
    return digest.hexdigest()


def measure_sureal(matrix: RatingMatrix) -> float:
    """Seconds of sureal's z-score MOS with rejection by BT.500, of all dimensions."""
    from sureal.dataset_reader import RawDatasetReader
    from sureal.subjective_model import ZscoringSubjrejMosModel

    readers = []
    for d in range(len(matrix.dimensions)):
        scores = matrix.scale.scores(matrix.levels[:, d]).reshape(RATERS, STIMULI)
        pictures = [
            {"content_id": 0, "asset_id": j, "path": str(j), "os": scores[:, j].tolist()}
            for j in range(STIMULI)
        ]
        reference = [{"content_id": 0, "content_name": "0", "path": "-"}]
        dataset = SimpleNamespace(
            dataset_name="bench",
            ref_videos=reference,
            dis_videos=pictures,
            yuv_fmt="",
            width=1,
            height=1,
        )
        readers.append(RawDatasetReader(dataset))
    started = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0/0 for raters without any far rating
        for reader in readers:
            ZscoringSubjrejMosModel(reader).run_modeling()
    return perf_counter() - started


def measure_memory(url: str) -> float:
    """Print and return the peak memory in MiB of a process that loads and analyses once."""
    told = subprocess.run(
        [sys.executable, __file__, "--memory", url], check=True, capture_output=True, text=True
    )
    imported, peak = json.loads(told.stdout)
    print(
        f"{'peak memory of a process':32} {peak:6.0f} MiB, of which {imported:.0f} before loading"
    )
    return float(peak)


async def tell_memory(url: str) -> None:
    """In a process of its own: peak memory with everything imported, and at the end."""
    imported = peak_mib()
    async with open_session(url) as sessions, sessions() as session:
        await load_and_analyse(session)
    print(json.dumps([imported, peak_mib()]))


def peak_mib() -> float:
    """Most memory this process has held so far, code and libraries included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def measure_growth() -> None:
    """Print seconds of the analysis at ten times the ratings, made and held in memory."""
    for what, designs in {
        "dense, ten times the stimuli": ((21, 20_000, 1.0), (21, 200_000, 1.0)),
        "dense, ten times the raters": ((21, 20_000, 1.0), (210, 20_000, 1.0)),
        "sparse, a tenth rated": ((210, 20_000, 0.1), (2100, 20_000, 0.1)),
    }.items():
        matrices = [panel(*design) for design in designs]
        small, large = (least_seconds(lambda m=m: analyse(m), runs=3) for m in matrices)
        counts = " -> ".join(f"{matrix.ratings:,}" for matrix in matrices)
        print(f"{what:32} {small:6.3f} s -> {large:6.3f} s   x {large / small:4.1f}   {counts}")


def panel(raters: int, stimuli: int, share: float) -> RatingMatrix:
    """A panel whose raters each rate this share of the stimuli, in canonical order."""
    generator = np.random.default_rng(1)
    truth = generator.normal(25, 9, (stimuli, 2))
    each = round(stimuli * share)
    seen = [np.sort(generator.permutation(stimuli)[:each]) for _ in range(raters)]
    noise = (generator.normal(0, 6, (each, 2)) for _ in range(raters))
    levels = [np.clip(np.rint(truth[s] + n), 0, 50) for s, n in zip(seen, noise, strict=True)]
    return RatingMatrix(
        rater=np.repeat(np.arange(raters), each),
        stimulus=np.concatenate(seen),
        levels=np.concatenate(levels).astype(np.int64),
        rater_ids=tuple(f"r{i:06}" for i in range(raters)),
        stimulus_ids=tuple(f"s{j:06}" for j in range(stimuli)),
        dimensions=("quality", "alignment"),
        scale=Scale(low=0, step=0.1, level_max=50),
        position=np.concatenate([generator.permutation(each) for _ in range(raters)]),
        dwell_ms=generator.integers(1000, 9000, raters * each),
        sitting=np.ones(raters * each, dtype=np.int64),
    )


def least_seconds(work: Callable[[], object], *, runs: int) -> float:
    """Least wall-clock seconds of some runs."""
    times = []
    for _ in range(runs):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return min(times)


def main() -> None:
    print(
        f"{os.cpu_count()} processors; the bars are {BAR_SECONDS} s (median of the whole),", end=""
    )
    print(f" {BAR_TIMES_FASTER} times faster than sureal, {BAR_MIB} MiB")
    with filled_database() as url:
        mib = measure_memory(url)  # first: a child inherits the peak of the process it comes from
        seconds, ratings = asyncio.run(measure_ours(url))
    reference = measure_sureal(ratings.matrix)
    print(
        f"{'sureal 0.9, less work':32} {reference:12.3f} s   {reference / seconds:.0f} times longer"
    )
    measure_growth()
    missed = {
        f"It takes {seconds:.3f} s; the bar is {BAR_SECONDS} s.": seconds >= BAR_SECONDS,
        f"It is only {reference / seconds:.0f} times faster than sureal; the bar is"
        f" {BAR_TIMES_FASTER}.": reference < BAR_TIMES_FASTER * seconds,
        f"It takes {mib:.0f} MiB of memory; the bar is {BAR_MIB} MiB.": mib >= BAR_MIB,
    }
    if any(missed.values()):
        sys.exit(" ".join(sentence for sentence, is_missed in missed.items() if is_missed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        asyncio.run(tell_memory(sys.argv[2]))
    else:
        main()
