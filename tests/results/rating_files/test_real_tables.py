"""Two published tables as their authors left them, against numbers computed another way."""

import csv
import json
import re
from collections import defaultdict

import krippendorff
import numpy as np
import pytest
from scipy import stats

from app.results.rating_files.analysis import analyse_file
from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings
from app.results.rating_files.report import report_on
from app.results.rating_files.score_rows import score_columns
from app.results.runs.configuration import AnalysisConfiguration


def alpha_of(units):
    """Krippendorff's alpha by another package; a unit's scores in any order."""
    most = max(map(len, units.values()))
    table = np.full((most, len(units)), np.nan)
    for place, scores in enumerate(units.values()):
        table[: len(scores), place] = scores
    return krippendorff.alpha(reliability_data=table, level_of_measurement="interval")


def sos_parameter(units, low, high):
    pairs = [(np.mean(x), np.var(x, ddof=1)) for x in units.values() if len(x) > 1]
    g = np.array([(mean - low) * (high - mean) for mean, _ in pairs])
    v = np.array([variance for _, variance in pairs])
    return float((g * v).sum() / (g * g).sum())


def assert_scores(columns, prefix, units, low, high, key):
    """MOS, SOS, n and the SOS-calibrated interval of every stimulus."""
    a = sos_parameter(units, low, high)
    assert set(columns[f"{prefix}mos"]) >= {key(unit) for unit in units}
    for unit, scores in units.items():
        found = {name: columns[prefix + name][key(unit)] for name in ("mos", "sos", "n")}
        assert found["mos"] == pytest.approx(np.mean(scores), abs=1e-9)
        assert found["n"] == len(scores)
        if len(scores) < 2:
            assert found["sos"] is None
            continue
        assert found["sos"] == pytest.approx(np.std(scores, ddof=1), abs=1e-9)
        n, p = len(scores) / a, (np.mean(scores) - low) / (high - low)
        bounds = stats.beta.ppf([0.025, 0.975], n * p + 0.5, n * (1 - p) + 0.5)
        bounds = low + (high - low) * bounds
        expected = (min(bounds[0], np.mean(scores)), max(bounds[1], np.mean(scores)))
        interval = [columns[prefix + name][key(unit)] for name in ("ci_low", "ci_high")]
        assert interval == pytest.approx(expected, abs=1e-8)


@pytest.fixture(scope="module")
def tifa_path(shared_data):
    return shared_data / "tifa160_likert" / "tifa160-likert-anns.csv"


@pytest.fixture(scope="module")
def tifa_rows(tifa_path):
    with tifa_path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tifa_made(tifa_path):
    ratings = read_ratings([tifa_path], ReadingOptions())
    analyses = analyse_file(ratings, AnalysisConfiguration())
    return ratings, analyses, report_on(ratings, analyses)


def test_tifa_is_understood_without_a_word(tifa_made):
    ratings, _, report = tifa_made
    assert ratings.understanding == (
        "Rater = worker_id, stimulus = t2i_model + item_id, score = answer, dimension ="
        " question: 5 raters, 800 stimuli, 3,995 ratings."
    )
    assert not report.warnings
    assert report.groups[0].scale == "1:5:1"


def test_tifa_scores_of_every_stimulus(tifa_made, tifa_rows):
    ratings, analyses, report = tifa_made
    assert report.groups[0].rejected == 0
    units = defaultdict(list)
    for row in tifa_rows:
        units[row["t2i_model"], row["item_id"]].append(float(row["answer"]))
    columns = score_columns(ratings, analyses)
    assert_scores(columns, "", units, 1, 5, " / ".join)
    found = report.groups[0].columns[0]
    assert found.alpha == pytest.approx(alpha_of(units), abs=1e-9)
    assert found.sos_a == pytest.approx(sos_parameter(units, 1, 5), abs=1e-9)


def test_tifa_z_scores(tifa_made, tifa_rows):
    ratings, analyses, _ = tifa_made
    by_rater = defaultdict(list)
    for row in tifa_rows:
        by_rater[row["worker_id"]].append(float(row["answer"]))
    units = defaultdict(list)
    for row in tifa_rows:
        own = by_rater[row["worker_id"]]
        z = (float(row["answer"]) - np.mean(own)) / np.std(own, ddof=1)
        units[f"{row['t2i_model']} / {row['item_id']}"].append(100 * (z + 3) / 6)
    z_mos = score_columns(ratings, analyses)["z_mos"]
    assert z_mos == pytest.approx({key: np.mean(x) for key, x in units.items()}, abs=1e-9)


def test_tifa_agreement_of_every_rater(tifa_made, tifa_rows):
    """Leave-one-out Pearson correlation, by a loop over raters."""
    table = defaultdict(dict)
    for row in tifa_rows:
        table[row["t2i_model"], row["item_id"]][row["worker_id"]] = float(row["answer"])
    _, _, report = tifa_made
    for line in report.groups[0].rater_lines:
        (found,) = (item for item in line.checks if item.check == "agreement")
        shared = [x for x in table.values() if line.rater in x and len(x) > 1]
        own = [x[line.rater] for x in shared]
        others = [np.mean([v for k, v in x.items() if k != line.rater]) for x in shared]
        expected = np.corrcoef(own, others)[0, 1]
        assert found.numbers["pearson"] == pytest.approx(expected, abs=1e-9)


GENEVAL_SCORES = ("Answer.task-quality", "Answer.task-real-0")


@pytest.fixture(scope="module")
def geneval_paths(shared_data):
    return sorted((shared_data / "geneval_mturk").glob("annotations_*.csv"))


@pytest.fixture(scope="module")
def geneval_rows(geneval_paths):
    """Rows begin with a HIT's id; what does not was torn off the row before."""
    rows = []
    for geneval_path in geneval_paths:
        text = re.sub(r"\r?\n(?![0-9A-Z]{30},|$)", " ", geneval_path.read_text(encoding="utf-8"))
        rows += csv.DictReader(text.splitlines())
    return rows


@pytest.fixture(scope="module")
def geneval_made(geneval_paths):
    ratings = read_ratings(geneval_paths, ReadingOptions(score=GENEVAL_SCORES, seconds="Answer.ee"))
    analyses = analyse_file(ratings, AnalysisConfiguration())
    return ratings, analyses, report_on(ratings, analyses)


def test_geneval_torn_rows_are_joined_and_nobody_is_invented(geneval_made, geneval_rows):
    ratings, _, report = geneval_made
    assert len(geneval_rows) == 6000
    assert ratings.groups[0].matrix.ratings == 6000
    assert "4 rows were torn apart" in report.notes[0]
    assert any("does not say who gave which score" in note for note in report.notes)
    assert all(group.raters is None and not group.rater_lines for group in report.groups)
    assert all(group.reliability is None for group in report.groups)
    assert not [name for name in report.methods if name.startswith(("screening", "recovery"))]


def test_geneval_scores_of_every_stimulus(geneval_made, geneval_rows):
    ratings, analyses, report = geneval_made
    columns = score_columns(ratings, analyses)
    for name, high, group in zip(GENEVAL_SCORES, (4, 3), report.groups, strict=True):
        units = defaultdict(list)
        for row in geneval_rows:
            if row[name]:
                units[row["Input.image_url"]].append(float(row[name]))
        assert_scores(columns, f"{name}_", units, 1, high, str)
        assert group.ratings == sum(map(len, units.values()))
        assert group.columns[0].alpha == pytest.approx(alpha_of(units), abs=1e-9)
    assert report.groups[1].rated_stimuli < report.groups[1].stimuli == 1200


def test_geneval_nothing_is_estimated_that_needs_raters(geneval_made):
    ratings, analyses, _ = geneval_made
    names = {name.rpartition("_")[2] for name in score_columns(ratings, analyses)}
    assert names == {"mos", "sos", "n", "low", "high"}


VECTORS = (
    "NFLX_public",
    "NFLX_public_last4outliers",
    "AVT_AI_APPEAL",
    "AVT_AI_PROMPT_MATCHING",
    "PNATS_LONG_3",
)


@pytest.mark.data
@pytest.mark.parametrize("name", VECTORS)
def test_p913_of_a_matrix_in_json_is_the_published_one(shared_data, tmp_path, name):
    vectors = json.loads((shared_data / "vectors/vectors_small.json").read_text())
    data = vectors["datasets"][name]
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps({"scores": data["scores"]}))
    ratings = read_ratings([path], ReadingOptions())
    # Whatever the checks of the analysis reject, P.913 starts from everybody.
    analyses = analyse_file(ratings, AnalysisConfiguration(parts=(), estimates=("p913",)))
    found = score_columns(ratings, analyses)["p913"]
    expected = data["sureal"]["P913_BR_SR"]["quality_scores"]
    assert [found[key] for key in sorted(found)] == pytest.approx(expected, abs=1e-9)
