"""Names of stimuli and raters in exports."""

import uuid

import pytest

from app.results.exports.names import SAFE_NAME, Named, export_names, pseudonym


def named(*names, generator="sd 1.5", media_type="image/png"):
    return [Named(10 + i, name, generator, media_type) for i, name in enumerate(names)]


def test_a_good_name_is_kept():
    assert export_names(named("sd1.5_normal_000.jpg")) == {10: "sd1.5_normal_000.jpg"}


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "../escape.png",
        "folder/file.png",
        "a\\b.png",
        "=cmd.png",
        "-rf.png",
        ".hidden",
        "ends with dot.",
        "nul\0.png",
        "line\nbreak.png",
        "con.png",
        "COM1",
        "x" * 200,
        "图.png",
    ],
)
def test_a_bad_one_is_replaced_by_generator_and_number(name):
    assert export_names(named(name)) == {10: "sd-1.5_00001.png"}


def test_taken_names_are_not_given_twice_and_the_first_keeps_its_own():
    names = export_names(named("a.png", "A.PNG", "a.png"))
    assert names == {10: "a.png", 11: "sd-1.5_00002.png", 12: "sd-1.5_00003.png"}


def test_a_made_name_avoids_one_that_exists():
    assert export_names(named("sd-1.5_00002.png", None)) == {
        10: "sd-1.5_00002.png",
        11: "sd-1.5_00002_2.png",
    }


def test_more_stimuli_never_change_earlier_names():
    few = export_names(named("a.png", None, "a.png"))
    many = export_names(named("a.png", None, "a.png", "a.png", None, "b.png"))
    assert few.items() <= many.items()


def test_renditions_get_the_ending_of_what_they_are():
    assert export_names(named("a.jpg", "a.png", "v1.5"), suffix=".png") == {
        10: "a.png",
        11: "sd-1.5_00002.png",
        12: "v1.5.png",
    }


@pytest.mark.parametrize(
    ("generator", "media_type", "name"),
    [
        ("DALL·E 3", "image/jpeg", "DALL-E-3_00001.jpg"),
        ("../..", "image/webp", "image_00001.webp"),
        ("文生图", "image/png", "image_00001.png"),
    ],
)
def test_made_names_are_safe_whatever_the_generator(generator, media_type, name):
    made = export_names(named(None, generator=generator, media_type=media_type))
    assert made == {10: name}
    assert SAFE_NAME.fullmatch(name)


def test_a_pseudonym_is_stable_and_differs_by_person_and_study():
    rater = uuid.UUID("6f1e3f0a-5f0c-4be1-9d57-0d2f2d9c7c11")
    assert pseudonym("one", rater) == pseudonym("one", rater)
    assert (
        len({pseudonym("one", rater), pseudonym("two", rater), pseudonym("one", uuid.uuid4())}) == 3
    )
    assert pseudonym("one", rater).startswith("R")
    assert len(pseudonym("one", rater)) == 9
