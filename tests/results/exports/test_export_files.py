"""The same table as CSV, JSON and Parquet."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import NOW

from app.results.exports import (
    FileForm,
    estimates_table,
    files,
    raters_table,
    ratings_table,
    scores_table,
    stimuli_table,
    write_file,
)
from app.results.exports.tables import Column, Kind, Table, typed
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run

TABLES = ["scores", "estimates", "raters", "ratings", "stimuli"]


async def content(table, form):
    return b"".join([piece async for piece in write_file(table, form)])


async def as_csv(table):
    text = (await content(table, FileForm.CSV)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def as_json(table):
    return json.loads(await content(table, FileForm.JSON))


async def as_parquet(table):
    return pq.read_table(io.BytesIO(await content(table, FileForm.PARQUET)))


def made_up(rows, columns):
    async def pages():
        for row in rows:
            yield [row]

    return Table(columns, {"study": "made-up"}, pages())


@pytest.fixture
async def tables(open_panel, session):
    """Every table of an analysed study, made anew for each use."""
    panel = await open_panel(stimuli=4)
    for shift in (0, 3, 7):
        await panel.add_rater(
            {s: (10 * i + shift, 40 - 7 * i + shift) for i, s in enumerate(panel.stimuli[:3])}
        )
    setup = AnalysisConfiguration(parts=())
    run_id = await run_analysis(session, slug="example", configuration=setup, actor="o", now=NOW)
    return {
        "scores": lambda: scores_table(session, run_id=run_id),
        "estimates": lambda: estimates_table(session, run_id=run_id),
        "raters": lambda: raters_table(session, run_id=run_id),
        "ratings": lambda: ratings_table(session, slug="example"),
        "stimuli": lambda: stimuli_table(session, slug="example"),
    }


@pytest.mark.parametrize("name", TABLES)
async def test_the_three_forms_say_the_same(tables, name):
    rows = await as_csv(await tables[name]())
    document = await as_json(await tables[name]())
    parquet = await as_parquet(await tables[name]())
    kinds = {column.name: column.kind for column in (await tables[name]()).columns}
    assert rows
    assert list(kinds) == parquet.column_names == list(rows[0])
    for row, item, stored in zip(rows, document["rows"], parquet.to_pylist(), strict=True):
        for column, kind in kinds.items():
            value = typed(row[column], kind)
            if kind is Kind.DOCUMENT:
                assert item[column] == (json.loads(value) if value else None)
            elif kind is Kind.TEXT:
                # CSV cannot tell nothing from an empty text.
                assert (item[column] or "") == (stored[column] or "") == value
                continue
            else:
                assert item[column] == value, column
            assert stored[column] == value, column


@pytest.mark.parametrize("name", TABLES)
async def test_the_file_says_where_it_comes_from(tables, session, name):
    run = await get_run(session, run_id=1)
    origin = (await as_json(await tables[name]()))["origin"]
    metadata = (await as_parquet(await tables[name]())).schema.metadata
    assert {key.decode(): value.decode() for key, value in metadata.items()} == {
        f"beholder.{key}": value for key, value in origin.items()
    }
    assert origin["study"] == "example"
    if name in ("scores", "estimates", "raters"):
        assert (origin["run"], origin["fingerprint"]) == ("1", run.fingerprint)


async def test_types_are_right_in_parquet(tables):
    schema = (await as_parquet(await tables["scores"]())).schema
    assert schema.field("quality_mos").type == pa.float64()
    assert schema.field("quality_n").type == pa.int64()
    assert schema.field("prompt").type == pa.string()
    scores = await as_parquet(await tables["scores"]())
    # The last picture was rated by nobody.
    assert scores["quality_mos"].to_pylist()[3] is None
    assert scores["quality_n"].to_pylist() == [3, 3, 3, 0]
    ratings = (await as_parquet(await tables["ratings"]())).schema
    assert ratings.field("quality").type == pa.float64()
    assert ratings.field("simulated").type == pa.bool_()
    assert ratings.field("dwell_ms").type == pa.int64()


async def test_estimates_have_a_row_for_each_picture_dimension_and_method(tables):
    rows = await as_csv(await tables["estimates"]())
    methods = list(dict.fromkeys(row["method"] for row in rows))
    assert methods[:2] == ["mos", "z-mos"]
    assert len(rows) == len(methods) * 3 * 4
    scores = {row["name"]: row for row in await as_csv(await tables["scores"]())}
    for row in rows:
        if row["method"] == "mos":
            assert row["value"] == scores[row["name"]][f"{row['dimension']}_mos"]
            assert row["ci_low"] == scores[row["name"]][f"{row['dimension']}_ci_low"]


@pytest.mark.parametrize("form", FileForm)
async def test_a_table_without_rows_is_a_file_all_the_same(form):
    table = made_up([], (Column("a"), Column("b", Kind.NUMBER)))
    written = await content(table, form)
    if form is FileForm.CSV:
        assert written == b"a,b\n"
    elif form is FileForm.JSON:
        assert json.loads(written) == {"origin": {"study": "made-up"}, "rows": []}
    else:
        assert pq.read_table(io.BytesIO(written)).num_rows == 0


async def test_large_tables_are_written_piece_by_piece(monkeypatch):
    monkeypatch.setattr(files, "ROW_GROUP", 10)
    columns = (Column("a", Kind.INTEGER), Column("b", Kind.DOCUMENT))
    rows = [(n, '{"n": 1}' if n % 2 else "") for n in range(35)]
    for form in FileForm:
        pieces = [p async for p in write_file(made_up(rows, columns), form) if p]
        assert len(pieces) >= 4, form
    stored = await as_parquet(made_up(rows, columns))
    assert stored["a"].to_pylist() == list(range(35))
    assert stored["b"].to_pylist()[:2] == [None, '{"n": 1}']
    read = pq.ParquetFile(io.BytesIO(await content(made_up(rows, columns), FileForm.PARQUET)))
    assert read.num_row_groups == 4
    document = await as_json(made_up(rows, columns))
    assert [row["b"] for row in document["rows"][:2]] == [None, {"n": 1}]
