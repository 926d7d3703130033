"""``beholder analyse FILE`` as somebody types it, who has no server and no database."""

import json

import pytest
from rich.console import Console

from app import cli
from app.cli import results
from app.cli.file_analysis import names_a_file

TABLE = "\n".join(
    ["rater,image,score"]
    + [
        f"r{i},s{j:02},{3 if i == 0 else min(5, max(1, 1 + j // 6 + (i * j) % 3 - 1))}"
        for i in range(8)
        for j in range(30)
    ]
)


@pytest.fixture
def beholder(monkeypatch, tmp_path, capsys):
    """Type a command in a folder of its own: status, what it prints, what it complains of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def no_database(*_):
        raise AssertionError("a file needs no database")

    monkeypatch.setattr(results, "open_database", no_database)
    monkeypatch.setattr(results, "get_settings", no_database)

    def type_it(*words):
        monkeypatch.setattr(results, "console", Console(highlight=False))
        monkeypatch.setattr("sys.argv", ["beholder", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, " ".join(printed.err.split())

    return type_it


@pytest.mark.parametrize(
    ("word", "is_file"),
    [
        ("my-study", False),
        ("ratings.csv", True),
        ("ratings.CSV", True),
        ("r.json", True),
        ("r.csv.gz", True),
        ("./ratings", True),
        ("a/b", True),
        ("v1.2", False),
    ],
)
def test_a_file_is_told_from_a_study(word, is_file):
    assert names_a_file(word) == is_file


def test_a_file_that_exists_is_a_file_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scores").write_text(TABLE)
    (tmp_path / "folder").mkdir()
    assert names_a_file("scores")
    assert not names_a_file("folder")


def test_the_report_is_readable_at_80_columns(beholder, tmp_path):
    (tmp_path / "ratings.csv").write_text(TABLE)
    status, printed, _ = beholder("analyse", "ratings.csv")
    assert status == 0
    assert max(map(len, printed.splitlines())) <= 80
    said = " ".join(printed.split())
    for part in (
        "Rater = rater, stimulus = image, score = score: 8 raters, 30 stimuli, 240 ratings.",
        "8 raters: 7 kept, 1 rejected; 240 ratings of 30 stimuli. Scale 1:5:1; 7 ratings of each.",
        "score: the scale 1:5:1 is assumed from the scores",
        "Krippendorff's alpha",
        "Give --to FOLDER",
    ):
        assert part in said
    (line,) = [line for line in printed.splitlines() if "r0" in line and "rejected" in line]
    assert "30" in line


def test_json_is_one_document(beholder, tmp_path):
    (tmp_path / "ratings.csv").write_text(TABLE)
    _, printed, _ = beholder("analyse", "ratings.csv", "--json", "--scale", "1:5")
    document = json.loads(printed)
    assert document["groups"][0]["rejected"] == 1
    assert not document["groups"][0]["scale_is_assumed"]
    assert len(document["scores"]["mos"]) == 30


def test_a_folder_is_written_once(beholder, tmp_path):
    (tmp_path / "ratings.csv").write_text(TABLE)
    status, printed, _ = beholder("analyse", "ratings.csv", "--to", "out/report")
    assert status == 0
    assert "Written to out/report: scores.csv, raters.csv, report.html, report.json." in printed
    status, _, said = beholder("analyse", "ratings.csv", "--to", "out/report")
    assert status == 1
    assert "already has scores.csv" in said
    assert beholder("analyse", "ratings.csv", "--to", "out/report", "--force")[0] == 0


def test_a_configuration_applies(beholder, tmp_path):
    (tmp_path / "ratings.csv").write_text(TABLE)
    (tmp_path / "setup.json").write_text('{"rejecting": [], "level": 0.9, "parts": []}')
    _, printed, _ = beholder("analyse", "ratings.csv", "--configuration", "setup.json", "--json")
    document = json.loads(printed)
    assert document["groups"][0]["rejected"] == 0
    assert document["groups"][0]["sensitivity"] is None
    assert document["level"] == 0.9


def test_every_option_reaches_the_reader(beholder, tmp_path):
    rows = ["wer;was;gen;wie;prüfung;t"]
    rows += [
        f"p{i};b{j};g{k};{word};x;2,5"
        for i in range(5)
        for j in range(6)
        for k, word in enumerate(("nein", "ja", "-9")[: 2 + (i == j)])
    ]
    (tmp_path / "umfrage.txt").write_text("\n".join(rows), encoding="latin-1")
    status, printed, said = beholder(
        "analyse", "umfrage.txt", "--rater", "wer", "--stimulus", "gen,was", "--score", "wie",
        "--words", "nein,ja", "--missing", "-9", "--seconds", "t", "--dimension", "prüfung",
        "--json",
    )  # fmt: skip
    assert status == 0, said
    document = json.loads(printed)
    assert document["columns"]["stimulus"] == ["gen", "was"]
    assert document["groups"][0]["scale"] == "1:2:1"
    assert document["groups"][0]["title"] == "x"
    assert document["groups"][0]["rater_lines"][0]["median_seconds"] == 2.5
    assert document["scores"]["mos"][:1] == [1.0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("no.csv",), "There is no file called no.csv."),
        (("folder/",), "folder is a folder"),
        (("ratings.csv", "--scale", "high"), "is no scale"),
        (("ratings.csv", "--rater", "x"), "--rater names the column x"),
        (("ratings.csv", "--rater", ","), "is empty"),
        (("ratings.csv", "--scale", "2:5"), "not on the scale 2:5:1: 1."),
        (("ratings.csv", "--to", "ratings.csv"), "is a file; name a folder"),
        (("ratings.csv", "binary.csv"), "is not a text file"),
        (("a-study", "--to", "out"), "a-study is taken for a study"),
    ],
)
def test_mistakes_are_one_sentence(beholder, tmp_path, words, sentence):
    (tmp_path / "ratings.csv").write_text(TABLE)
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir()
    status, printed, said = beholder("analyse", *words)
    assert status == 1
    assert not printed
    assert sentence in said
    assert "Traceback" not in said
