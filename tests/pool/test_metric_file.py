"""Files of predictions, in both forms, with every mistake that people make in them."""

import pytest

from app.pool.metric_file import PredictionFile, read_predictions
from app.pool.metric_names import MOST_METRICS, ImportOptions
from app.pool.records import Mistakes


def read(text: str | bytes, **options: object) -> tuple[PredictionFile, list[tuple[int, str]]]:
    content = text.encode() if isinstance(text, str) else text
    mistakes = Mistakes()
    file = read_predictions(content, ImportOptions(**options), mistakes)  # type: ignore[arg-type]
    return file, mistakes.listed


def values_of(file: PredictionFile) -> list[tuple[str, str, float]]:
    return [(p.reference, file.metrics[p.metric].key, p.value) for p in file.predictions]


LONG = "image,metric,value\na.png,NIQE,3.5\na.png,CLIP-IQA,0.7\nb.png,NIQE,4\n"
WIDE = "name,NIQE,clip_iqa\na.png,3.5,0.7\nb.png,4,\n"
EXPECTED = [("a.png", "niqe", 3.5), ("a.png", "clipiqa", 0.7), ("b.png", "niqe", 4.0)]


@pytest.mark.parametrize("text", [LONG, WIDE])
def test_both_forms_say_the_same(text: str) -> None:
    file, mistakes = read(text)
    assert mistakes == []
    assert values_of(file) == EXPECTED
    assert [metric.higher_is_better for metric in file.metrics] == [False, True]


def test_empty_cells_of_the_wide_form_are_counted_not_refused() -> None:
    file, _ = read(WIDE)
    assert file.empty_cells == 1


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + WIDE,
        WIDE.replace(",", ";"),
        WIDE.replace(",", "\t"),
        WIDE.replace(",", ";").replace("3.5", "3,5").replace("0.7", '"0,7"'),
        WIDE.replace("\n", "\r\n"),
        "\n" + WIDE + "\n\n",
        '"name","NIQE","clip_iqa"\n"a.png","3.5","0.7"\n"b.png","4",""\n',
    ],
)
def test_separators_and_line_ends_of_all_kinds_are_read(text: str) -> None:
    file, mistakes = read(text)
    assert mistakes == []
    assert values_of(file) == EXPECTED


def test_a_name_with_a_comma_in_quotation_marks_stays_whole() -> None:
    file, mistakes = read('image,NIQE\n"a fox, at dawn.png",3\n')
    assert mistakes == []
    assert file.predictions[0].reference == "a fox, at dawn.png"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("good", "“good” is not a number (NIQE)."),
        ("nan", "“nan” is not a number (NIQE)."),
        ("inf", "“inf” is not a number (NIQE)."),
        ("1e999", "“1e999” is not a number (NIQE)."),
        ("1_000", "“1_000” is not a number (NIQE)."),
        ("", "An empty cell is not a number (NIQE)."),
    ],
)
def test_what_is_not_a_number_is_named_with_its_line(cell: str, said: str) -> None:
    _, mistakes = read(f"image,metric,value\na.png,NIQE,1\nb.png,NIQE,{cell}\n")
    assert mistakes == [(3, said)]


def test_an_unknown_metric_needs_a_direction_once() -> None:
    _, mistakes = read("image,ours\n" + "\n".join(f"{i}.png,{i}" for i in range(100)))
    assert len(mistakes) == 1
    assert "whether higher or lower values are better" in mistakes[0][1]


@pytest.mark.parametrize(
    ("options", "higher"),
    [({"lower": ("Ours",)}, False), ({"higher": (" ours ",)}, True)],
)
def test_options_give_the_direction(options: dict[str, object], higher: bool) -> None:
    file, mistakes = read("image,ours\na.png,1\n", **options)
    assert mistakes == []
    assert (file.metrics[0].key, file.metrics[0].higher_is_better) == ("ours", higher)


def test_a_column_gives_the_direction_and_contradictions_are_named() -> None:
    text = "image,metric,value,direction\na,ours,1,lower\nb,ours,2,\nc,ours,3,higher\nd,ours,4,?\n"
    file, mistakes = read(text)
    assert not file.metrics[0].higher_is_better
    assert [line for line, _ in mistakes] == [4, 5]
    assert "not the one given before" in mistakes[0][1]
    assert "“higher” or “lower”" in mistakes[1][1]


def test_the_options_word_goes_before_the_catalogue_s() -> None:
    file, mistakes = read("image,CNNIQA\na.png,1\n", lower=("CNNIQA",))
    assert mistakes == []
    assert not file.metrics[0].higher_is_better
    assert file.metrics[0].key == "cnniqa"


def test_columns_can_be_left_out() -> None:
    file, mistakes = read("image,prompt,NIQE\na.png,a fox,1\n", ignored=("Prompt",))
    assert mistakes == []
    assert values_of(file) == [("a.png", "niqe", 1.0)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lower": ("niqee",)}, "The options name “niqee”, which is not in the file."),
        ({"ignored": ("prompt",)}, "The options name “prompt”, which is not in the file."),
        ({"lower": ("niqe",), "higher": ("niqe",)}, "The options say both directions of “niqe”."),
    ],
)
def test_options_that_do_not_fit_are_slips_of_the_pen(
    options: dict[str, object], said: str
) -> None:
    _, mistakes = read("image,NIQE\na.png,1\n", **options)
    assert mistakes == [(1, said)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "names no column 'image'"),
        ("a,b\n1,2\n", 1, "names no column 'image'"),
        ("image,NIQE,niqe\na,1,2\n", 1, "'niqe' is there twice"),
        ("image,CLIP-IQA,clipiqa\na,1,2\n", 1, "are the same metric"),
        ("image,metric\na,NIQE\n", 1, "none 'value'"),
        ("image,metric,value\n,NIQE,1\n", 2, "The image is missing."),
        ("image,metric,value\na,,1\n", 2, "The metric is missing."),
        ("image,NIQE\na,1,2\n", 2, "3 cells where 2 are expected"),
        ('image,NIQE\n"a,1\n', 2, "quotation mark"),
        ("image,NIQE\n", 1, "contains no predictions"),
        ("image\na\n", 1, "contains no predictions"),
        (b"image,NIQE\na\xff,1\n", 2, "not valid UTF-8"),
        (b"\xff\xfei\0m\0", 1, "UTF-16"),
        ("image," + "x" * 101 + "\na,1\n", 1, "at most 100 characters"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str | bytes, line: int, said: str) -> None:
    _, mistakes = read(text)
    assert any(found == line and said in sentence for found, sentence in mistakes), mistakes


def test_a_file_of_absurdly_many_columns_is_refused() -> None:
    names = [f"m{i}" for i in range(MOST_METRICS + 5)]
    header = ",".join(["image", *names])
    _, mistakes = read(f"{header}\na{',1' * len(names)}\n", higher=tuple(names))
    assert len(mistakes) == 5
    assert "200 metrics at most" in mistakes[0][1]


@pytest.mark.parametrize(
    ("column", "kind"), [("image", "any"), ("SHA256", "sha256"), ("image_id", "id")]
)
def test_the_title_says_how_pictures_are_named(column: str, kind: str) -> None:
    file, _ = read(f"{column},NIQE\n1,2\n")
    assert file.reference_kind == kind


def test_of_several_columns_that_name_the_picture_the_surest_counts() -> None:
    file, mistakes = read("name,sha256,image_id,NIQE\na.png,ff,7,3\n")
    assert mistakes == []
    assert (file.reference_kind, values_of(file)) == ("id", [("7", "niqe", 3.0)])
