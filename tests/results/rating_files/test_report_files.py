"""The folder of a report: what is in it, and that nothing in it is overwritten."""

import asyncio
import csv
import json
import re

import pytest

from app.errors import AnalysisImpossible, Conflict, InvalidInput
from app.results.rating_files.analysis import analyse_file
from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings
from app.results.rating_files.report import report_on
from app.results.rating_files.report_files import require_free, write_report
from app.results.runs.configuration import AnalysisConfiguration

WILD = '<script>alert("x")</script>'


def table(raters=8, stimuli=30):
    """Honest raters, one who always gives 3; a stimulus with a name that is no text for a page."""
    rows = ["rater,image,quality,realism"]
    for i in range(raters):
        for j in range(stimuli):
            score = 3 if i == 0 else min(5, max(1, 1 + j // 6 + (i * j) % 3 - 1))
            name = '"<script>alert(""x"")</script>"' if j == 0 else f"s{j:02}"
            rows.append(f"r{i},{name},{score},{score}")
    return "\n".join(rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "ratings.csv"
    path.write_text(table(), encoding="utf-8")
    ratings = read_ratings([path], ReadingOptions())
    analyses = analyse_file(ratings, AnalysisConfiguration())
    return report_on(ratings, analyses), ratings, analyses


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    written = tmp_path_factory.mktemp("out")
    asyncio.run(write_report(written, *made))
    return written


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_scores_have_a_line_for_each_stimulus(folder):
    rows = read_csv(folder / "scores.csv")
    assert len(rows) == 30
    assert rows[0]["image"] == WILD
    assert list(rows[0])[:6] == [
        "image", "quality_mos", "quality_sos", "quality_n", "quality_ci_low", "quality_ci_high"
    ]  # fmt: skip
    for column in ("quality_z_mos", "realism_em", "overall_mos", "overall_bias_removed"):
        assert all(float(row[column]) for row in rows)
    for column in ("quality_p913", "realism_em_standard_error", "overall_zrec_standard_error"):
        assert all(float(row[column]) for row in rows)
    for column in ("quality_ap_standard_error", "overall_ap_standard_error_p910"):
        assert all(float(row[column]) for row in rows)


def test_raters_have_every_check_and_a_reason(folder):
    rows = {row["rater"]: row for row in read_csv(folder / "raters.csv")}
    assert rows["r0"]["verdict"] == "rejected"
    assert "Gave the same score to all 30 stimuli" in rows["r0"]["reasons"]
    assert rows["r0"]["variation (quality)"] == "failed"
    assert rows["r0"]["bias (quality)"] == ""
    assert rows["r1"]["bt500 (realism)"] == "passed"
    assert float(rows["r1"]["inconsistency (quality)"]) > 0
    for model in ("em", "ap", "zrec"):
        for what in ("bias_standard_error", "inconsistency", "inconsistency_standard_error"):
            assert float(rows["r1"][f"{model}_{what} (quality)"]) > 0
            assert rows["r0"][f"{model}_{what} (quality)"] == ""
        assert rows["r1"][f"{model}_bias (quality)"]
    assert rows["r1"]["em_bias (quality)"] == rows["r1"]["bias (quality)"]


def test_the_document_has_everything(folder, made):
    _, ratings, _ = made
    document = json.loads((folder / "report.json").read_text())
    assert document["files"][0]["sha256"] == ratings.sources[0].sha256
    assert document["understanding"] == ratings.understanding
    (group,) = document["groups"]
    assert group["fingerprint"] == ratings.groups[0].matrix.fingerprint()
    assert group["configuration"]["rejecting"] == ["agreement", "controls", "pace", "variation"]
    assert set(group["methods"]) >= {"scores/mos@1", "recovery/em@1", "recovery/p913@1"}
    assert set(group["methods"]) >= {"scores/effective-n@1", "interval/sos-jeffreys@1"}
    assert len(document["scores"]["stimulus"]) == 30
    assert set(document["versions"]) == {"beholder", "numpy", "scipy", "python"}
    assert "NaN" not in (folder / "report.json").read_text()


def test_the_page_needs_nothing_else_and_lets_nothing_through(folder):
    page = (folder / "report.html").read_text()
    assert WILD not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=|@import|url\((?!#)", page)
    assert page.count("<svg") == 6  # two charts each of quality, realism and overall
    for said in ("Krippendorff", "scores/mos", "r0", "Gave the same score", "rejected"):
        assert said in page


def test_the_same_file_gives_the_same_report(folder, made, tmp_path):
    asyncio.run(write_report(tmp_path / "again", *made))
    for name in ("scores.csv", "raters.csv", "report.json", "report.html"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_nothing_is_overwritten_unless_it_is_said(folder):
    with pytest.raises(Conflict, match=r"scores\.csv"):
        require_free(folder, is_forced=False)
    require_free(folder, is_forced=True)
    require_free(folder / "new", is_forced=False)
    with pytest.raises(InvalidInput, match="is a file"):
        require_free(folder / "scores.csv", is_forced=False)


def test_everyone_rejected_is_an_error_with_reasons(read):
    ratings = read(table(raters=1))
    with pytest.raises(AnalysisImpossible) as refused:
        analyse_file(ratings, AnalysisConfiguration())
    assert "variation: Gave the same score" in refused.value.problems[0].sentence
    (found,) = analyse_file(ratings, AnalysisConfiguration(rejecting=()))
    assert found.analysis.rejected == ()


def test_decisions_name_raters_of_the_file(read):
    ratings = read(table())
    (found,) = analyse_file(ratings, AnalysisConfiguration(confirmed=("r3",), overruled=("r0",)))
    assert found.analysis.rejected == ("r3",)
    with pytest.raises(InvalidInput, match="not in the file: r99"):
        analyse_file(ratings, AnalysisConfiguration(confirmed=("r99",)))


def test_weights_must_name_the_dimensions(read):
    ratings = read(table())
    (found,) = analyse_file(ratings, AnalysisConfiguration(weights={"quality": 1, "realism": 0}))
    assert (found.analysis.mos.mean[:, 0] == found.analysis.mos.mean[:, 2]).all()
    with pytest.raises(InvalidInput, match="quality, realism"):
        analyse_file(ratings, AnalysisConfiguration(weights={"score": 1}))


def test_an_interval_that_draws_raters_needs_raters(read):
    ratings = read("image,score\na,1\na,2\nb,4\n", rater=("none",))
    with pytest.raises(InvalidInput, match="does not say who rated"):
        analyse_file(ratings, AnalysisConfiguration(interval="bootstrap-raters"))


def test_writing_where_one_cannot_is_said(made, tmp_path):
    (tmp_path / "blocked").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        asyncio.run(write_report(tmp_path / "blocked" / "out", *made))


def test_no_rater_of_an_earlier_report_is_left_behind(made, read, tmp_path):
    asyncio.run(write_report(tmp_path / "out", *made))
    ratings = read("image,score\na,1\na,2\nb,4\nb,5\n", rater=("none",))
    analyses = analyse_file(ratings, AnalysisConfiguration())
    report = report_on(ratings, analyses)
    written = asyncio.run(write_report(tmp_path / "out", report, ratings, analyses))
    assert written == ("scores.csv", "report.html", "report.json")
    assert not (tmp_path / "out" / "raters.csv").exists()
