"""Manifests of finished images: columns, settings, and what is wrong with which line."""

import pytest

from app.pool.manifest import ManifestEntry, read_manifest
from app.pool.records import Mistakes, RecordForm

HEADER = "file,prompt,generator,guidance,steps,width,height,seed,scheduler,revision,category,vae\n"


def read(content: str, form: RecordForm = RecordForm.CSV) -> tuple[list[ManifestEntry], Mistakes]:
    mistakes = Mistakes()
    return read_manifest(content.encode(), form, source="x", mistakes=mistakes), mistakes


def test_settings_are_read_and_other_columns_kept() -> None:
    entries, mistakes = read(HEADER + "a/b.png,a  dog,SDXL,7,20.0,512,768,-3,euler,r1,pets,fp16\n")
    assert not mistakes.count
    (entry,) = entries
    assert (entry.file, entry.name, entry.prompt.text, entry.seed) == (
        "a/b.png",
        "b.png",
        "a dog",
        -3,
    )
    condition = entry.condition
    assert (condition.generator, condition.revision, condition.scheduler) == ("SDXL", "r1", "euler")
    assert (condition.guidance, condition.steps) == (7.0, 20)
    assert (condition.width, condition.height) == (512, 768)
    assert condition.extra == {"vae": "fp16"}
    assert entry.prompt.category == "pets"


def test_empty_cells_mean_unknown() -> None:
    (entry,), _ = read(HEADER + "a.png,a dog,SDXL,,,,,,,,,\n")
    condition = entry.condition
    assert (condition.guidance, condition.steps, condition.extra, entry.seed) == (
        None,
        None,
        {},
        None,
    )


def test_jsonl_keeps_structured_settings() -> None:
    line = '{"file": "a.png", "prompt": "a dog", "model": "X", "steps": 4, "lora": {"name": "y"}}'
    (entry,), _ = read(line, RecordForm.JSONL)
    assert entry.condition.extra == {"lora": {"name": "y"}}


def test_the_name_column_names_the_image_when_a_file_is_shared() -> None:
    (entry,), _ = read("name,file,prompt,generator\nDALLE2_0000.png,p/7.png,a dog,DALLE2\n")
    assert (entry.name, entry.file) == ("DALLE2_0000.png", "p/7.png")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("../a.png,a dog,SDXL", "leads out of the folder"),
        ("x/../../a.png,a dog,SDXL", "leads out of the folder"),
        ("..\\a.png,a dog,SDXL", "leads out of the folder"),
        ("/etc/passwd,a dog,SDXL", "absolute"),
        ("C:\\a.png,a dog,SDXL", "absolute"),
        (",a dog,SDXL", "file is missing"),
        ("a.png,,SDXL", "prompt is empty"),
        ("a.png,a dog,", "generator is missing"),
        ("a.png,a dog,SDXL,strong", "guidance is not a number"),
        ("a.png,a dog,SDXL,nan", "guidance is not a number"),
        ("a.png,a dog,SDXL,-1", "guidance is not a number"),
        ("a.png,a dog,SDXL,7,20.5", "steps is not a whole number"),
        ("a.png,a dog,SDXL,7,0", "steps is not a whole number"),
        ("a.png,a dog,SDXL,7,20,512,512,9223372036854775808", "seed is not a whole number"),
        (f"a.png,a dog,{'x' * 201}", "generator is not a text of at most"),
    ],
)
def test_a_bad_line_is_reported_with_a_sentence(row: str, sentence: str) -> None:
    entries, mistakes = read(HEADER + "good.png,a dog,SDXL\n" + row + "\n")
    ((line, said),) = mistakes.listed
    assert line == 3
    assert sentence in said
    assert len(entries) == 1


@pytest.mark.parametrize(
    "extra", ['{"a": "\\u0000"}', '"\\ud800"', "1e999", '"' + "x" * 30_000 + '"', "true"]
)
def test_what_the_database_cannot_hold_is_reported(extra: str) -> None:
    line = f'{{"file": "a.png", "prompt": "a dog", "generator": "X", "other": {extra}}}'
    _, mistakes = read(line, RecordForm.JSONL)
    assert mistakes.count == (0 if extra == "true" else 1)


@pytest.mark.parametrize(
    ("content", "form", "count"),
    [
        ("a.png,a dog,SDXL\n", RecordForm.CSV, 3),
        ("file,prompt\na.png,a dog\n", RecordForm.CSV, 1),
        ("file,prompt,generator,file\n", RecordForm.CSV, 1),
        ("file,prompt,generator\n", RecordForm.CSV, 1),
        ("", RecordForm.JSONL, 1),
        ("a dog\n", RecordForm.TEXT, 1),
    ],
)
def test_a_manifest_without_its_columns_or_lines_is_refused(
    content: str, form: RecordForm, count: int
) -> None:
    entries, mistakes = read(content, form)
    assert not entries
    assert mistakes.count == count


def test_values_inside_each_other_without_end_are_refused_by_line() -> None:
    fields = '"file": "a.png", "prompt": "a dog", "model": "X"'
    lines = [f'{{{fields}, "tree": {"[" * depth}{"]" * depth}}}' for depth in (49, 50, 900)]
    entries, mistakes = read("\n".join(lines), RecordForm.JSONL)
    assert len(entries[0].condition.digest) == 64
    assert mistakes.listed == [
        (2, "The line is nested more than 50 levels deep."),
        (3, "The line is nested more than 50 levels deep."),
    ]
