"""Which column is which: by name, by what the ratings allow, and otherwise not at all."""

import pytest

from app.errors import InvalidInput
from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings


def long_table(header, raters=3, stimuli=4, cells=lambda i, j: (f"r{i}", f"s{j}", 1 + (i + j) % 5)):
    rows = [cells(i, j) for i in range(raters) for j in range(stimuli)]
    return "\n".join(",".join(map(str, row)) for row in (header, *rows))


@pytest.mark.parametrize(
    "header",
    [
        ("rater", "stimulus", "score"),
        ("Observer ID", "PVS", "Opinion Score"),
        ("workerId", "image_name", "rating"),
        ("Input.subject", "Input.video", "Answer.score"),
        ("PROLIFIC_PID", "filename", "response"),
        ("annotator-id", "image path", "vote"),
    ],
)
def test_columns_are_found_by_their_names(read, header):
    roles = read(long_table(header)).roles
    assert (roles.rater, roles.stimulus, roles.score) == tuple((name,) for name in header)


def test_names_nobody_knows_are_refused_and_listed(read):
    with pytest.raises(InvalidInput) as refused:
        read(long_table(("wer", "was", "wie")))
    assert "it is not certain which column names the stimulus" in refused.value.message
    assert "wer, was, wie" in refused.value.message
    assert "--rater" in refused.value.message


def test_options_name_what_nobody_knows(read):
    found = read(
        long_table(("wer", "was", "wie")), rater=("wer",), stimulus=("WAS",), score=("wie",)
    )
    assert found.understanding.startswith("Rater = wer, stimulus = was, score = wie: 3 raters")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rater": ("nobody",)}, "--rater names the column nobody"),
        ({"stimulus": ("rater", "x")}, "--stimulus names the column x"),
        ({"score": ("sc*x",)}, "fits no column"),
        ({"dimension": "d"}, "--dimension names the column d"),
        ({"seconds": "rater"}, "holds no times"),
    ],
)
def test_options_that_do_not_fit_are_refused(read, options, sentence):
    with pytest.raises(InvalidInput) as refused:
        read(long_table(("rater", "stimulus", "score")), **options)
    assert sentence in refused.value.message


def test_two_columns_that_could_be_the_rater_are_not_chosen_between(read):
    table = long_table(
        ("user", "observer", "stimulus", "score"),
        cells=lambda i, j: (f"u{i}", f"o{(i + j) % 2}", f"s{j}", 3 + i % 2),
    )
    with pytest.raises(InvalidInput, match="observer, user could each name the rater"):
        read(table)


def test_two_columns_that_say_the_same_are_one(read):
    table = long_table(
        ("user", "worker_id", "stimulus", "score"),
        cells=lambda i, j: (f"u{i}", f"w{i}", f"s{j}", 3 + i % 2),
    )
    assert read(table).roles.rater == ("worker_id",)


def test_an_item_of_several_generators_is_a_stimulus_for_each(read):
    table = long_table(
        ("worker", "item", "model", "score"),
        cells=lambda i, j: (f"w{i}", f"item{j // 2}", f"m{j % 2}", 1 + j),
    )
    found = read(table)
    assert found.roles.stimulus == ("model", "item")
    assert found.stimulus_parts["m1 / item0"] == ("m1", "item0")
    assert "so both together name the stimulus" in " ".join(found.notes)


def test_a_generator_that_the_item_tells_is_no_part_of_it(read):
    table = long_table(
        ("worker", "image", "model", "score"),
        cells=lambda i, j: (f"w{i}", f"i{j}", f"m{j % 2}", 1 + j),
    )
    assert read(table).roles.stimulus == ("image",)


def test_means_are_not_taken_for_ratings(read):
    with pytest.raises(InvalidInput, match="mos_quality: means or spreads"):
        read("name,prompt,mos_quality\na,x,2.1\nb,y,3.2\n")


class TestWithoutRaters:
    TABLE = long_table(
        ("hit", "image", "answer"), raters=4, cells=lambda i, j: (f"h{j}", f"s{j}", 1 + (i * j) % 4)
    )

    def test_ratings_stand_for_themselves(self, read):
        found = read(self.TABLE)
        (group,) = found.groups
        assert not group.has_raters
        assert group.matrix.ratings == 16
        assert list(group.matrix.ratings_by_stimulus) == [4] * 4
        assert found.understanding.startswith("Rater = not named, stimulus = image")

    def test_the_order_of_rows_changes_nothing(self, read):
        header, *rows = self.TABLE.splitlines()
        prints = {
            read("\n".join([header, *order])).groups[0].matrix.fingerprint()
            for order in (rows, rows[::-1], rows[5:] + rows[:5])
        }
        assert len(prints) == 1

    def test_a_column_that_could_be_the_rater_has_to_be_denied(self, read):
        table = long_table(("who", "image", "answer"))
        with pytest.raises(InvalidInput, match="who could name one"):
            read(table)
        assert not read(table, rater=("none",)).groups[0].has_raters


class TestSeveralFiles:
    def read(self, write, files, **options):
        paths = [write(content, name) for name, content in files.items()]
        return read_ratings(paths, ReadingOptions(**options))

    def test_parts_of_one_table_are_joined(self, write):
        header, *rows = long_table(("rater", "stimulus", "score")).splitlines()
        parts = {"a.csv": [header, *rows[:5]], "b.csv": [header, *rows[5:]]}
        found = self.read(write, {name: "\n".join(lines) for name, lines in parts.items()})
        assert found.groups[0].matrix.ratings == 12
        assert [source.name for source in found.sources] == ["a.csv", "b.csv"]

    def test_the_same_names_in_each_file_are_not_guessed_about(self, write):
        table = long_table(("rater", "stimulus", "score"))
        with pytest.raises(InvalidInput, match="--stimulus file,stimulus"):
            self.read(write, {"a.csv": table, "b.csv": table})
        found = self.read(write, {"a.csv": table, "b.csv": table}, stimulus=("file", "stimulus"))
        assert len(found.groups[0].matrix.stimulus_ids) == 8

    def test_a_file_for_each_rater(self, write):
        files = {f"r{i}.csv": f"image,score\na,{i}\nb,{i + 1}\n" for i in range(1, 4)}
        with pytest.raises(InvalidInput, match="--rater file"):
            self.read(write, files)
        found = self.read(write, files, rater=("file",))
        assert found.groups[0].matrix.rater_ids == ("r1.csv", "r2.csv", "r3.csv")

    def test_two_files_of_one_name_are_refused(self, write, tmp_path):
        (tmp_path / "x").mkdir()
        table = long_table(("rater", "stimulus", "score"))
        paths = [write(table, "a.csv"), write(table, "x/a.csv")]
        with pytest.raises(InvalidInput, match="the same name"):
            read_ratings(paths, ReadingOptions())


def test_computed_metrics_are_no_opinions(read):
    table = "worker,image,quality_score,clip_score\na,x,1,0.3\nb,x,5,0.3\na,y,2,0.4\n"
    found = read(table)
    assert found.roles.score == ("quality_score",)
    assert any("clip_score" in note and note.startswith("Not read") for note in found.notes)


def test_times_without_a_unit_are_not_guessed_to_be_seconds(read):
    rows = [f"a,s{j},{1 + j},{2000 + j}" for j in range(5)]
    for name, unit in (("latency", None), ("rt", 1), ("latency_ms", 1), ("seconds", 1000)):
        found = read("\n".join([f"rater,image,score,{name}", *rows]))
        dwell = found.groups[0].matrix.dwell_ms
        assert (dwell is None) if unit is None else dwell[0] == 2000 * unit


def test_sessions_explain_why_everything_was_rated_twice(read):
    rows = [f"{r},{s},{k},{1 + k}" for r in "ab" for s in "xyz" for k in (1, 2)]
    found = read("\n".join(["observer,image,session,score", *rows]))
    assert found.groups[0].matrix.ratings == 6
    assert "The first (by session) counts" in found.warnings[-1]
