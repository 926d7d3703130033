"""Objective metrics: what is known, predictions in and out, and how they follow the scores."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from app.errors import AnalysisImpossible
from app.pool.metric_catalogue import MetricEntry, load_metric_catalogue
from app.pool.metric_import import (
    MetricImportPlan,
    carry_out_metric_import,
    plan_metric_import,
)
from app.pool.metric_names import ImportOptions
from app.pool.metric_options import parse_settings, parse_version
from app.pool.metric_predictions import MetricCount, list_metrics
from app.results.metrics.benchmark import NO_PREDICTIONS, Benchmark, find_benchmark
from app.results.metrics.data import load_image_names
from app.results.metrics.queue import is_evaluating, queue_evaluation
from app.results.metrics.table import leaderboard_csv, stream_predictions_csv
from app.results.runs.lookup import find_latest_run, get_done_run
from app.study.studies import get_study
from app.web.api.documents import CSV_ANSWER
from app.web.downloads import csv_download
from app.web.ids import PathId
from app.web.security import ApiAccount, ApiOwner
from app.web.state import SessionDep, StateDep

router = APIRouter(tags=["metrics"])

LARGEST_FILE_BYTES = 256 * 1024 * 1024
CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {}}}}}

Names = Annotated[list[str], Query(max_length=200)]


class MetricDocument(BaseModel):
    """A metric with predictions for pictures of a study."""

    id: int
    key: str = Field(description="Its key in the catalogue, or a name of your own.")
    title: str
    version: str
    settings: dict[str, Any]
    higher_is_better: bool
    origin: str = Field(description="``imported`` or ``computed``.")
    pictures: int = Field(description="Pictures of this study that have a prediction.")
    predictions: int = Field(description="All its predictions.")

    @classmethod
    def of(cls, count: MetricCount) -> "MetricDocument":
        """The document of one metric."""
        return cls(**{name: getattr(count, name) for name in cls.model_fields})


class ImportedMetric(BaseModel):
    """What an import did, or would do, to one metric."""

    name: str
    key: str
    higher_is_better: bool
    values: int
    added: int
    unchanged: int
    replaced: int


class ImportDocument(BaseModel):
    """What an import did, or would do."""

    dry_run: bool
    pictures: int
    empty_cells: int
    metrics: list[ImportedMetric]
    warnings: list[str]

    @classmethod
    def of(cls, plan: MetricImportPlan, *, dry_run: bool) -> "ImportDocument":
        """The document of one import."""
        return cls(
            dry_run=dry_run,
            pictures=plan.pictures,
            empty_cells=plan.empty_cells,
            metrics=[
                ImportedMetric(
                    name=metric.name,
                    key=metric.identity.key,
                    higher_is_better=metric.higher_is_better,
                    values=len(metric.values),
                    added=metric.added,
                    unchanged=metric.unchanged,
                    replaced=metric.replaced,
                )
                for metric in plan.metrics
            ],
            warnings=list(plan.warnings),
        )


class EvaluationDocument(BaseModel):
    """How well every metric follows the scores of a run, by dimension."""

    run_id: int
    is_current: bool = Field(description="Whether the predictions are still the same.")
    is_evaluating: bool = Field(description="Whether another evaluation is under way.")
    metrics: list[dict[str, Any]]
    dimensions: list[dict[str, Any]]
    methods: list[str]


class AcceptedDocument(BaseModel):
    """An evaluation that was asked for."""

    run_id: int
    is_evaluating: bool


@router.get("/metrics", summary="List the known metrics")
async def list_known(account: ApiAccount) -> list[MetricEntry]:
    """The catalogue: what each metric judges, its direction, its source."""
    return list(load_metric_catalogue().values())


@router.get("/studies/{slug}/metrics", summary="List the metrics that have predictions")
async def list_its_metrics(
    slug: str, account: ApiAccount, session: SessionDep
) -> list[MetricDocument]:
    """The metrics with a prediction for any picture of a study."""
    study = await get_study(session, slug=slug)
    counts = await list_metrics(session, study_id=study.id)
    return [MetricDocument.of(count) for count in counts if count.pictures]


@router.get(
    "/studies/{slug}/predictions.csv",
    summary="Download predictions",
    response_class=StreamingResponse,
    responses=CSV_ANSWER,
)
async def download_predictions(
    slug: str, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """A line for each picture of a study, a column for each metric; it can be imported again."""
    export = partial(stream_predictions_csv, slug=slug)
    return await csv_download(state, session, filename=f"{slug}-predictions.csv", export=export)


@router.post(
    "/studies/{slug}/predictions",
    summary="Import predictions",
    max_body_size=LARGEST_FILE_BYTES,
    openapi_extra=CSV_BODY,
)
async def import_predictions(
    slug: str,
    request: Request,
    account: ApiOwner,
    session: SessionDep,
    version: Annotated[str, Query(description="Version of the metrics, as you call it.")] = "",
    settings: Annotated[str, Query(description="Their settings, as a JSON object.")] = "",
    lower_is_better: Names = [],  # noqa: B006  # FastAPI copies it
    higher_is_better: Names = [],  # noqa: B006
    ignore: Names = [],  # noqa: B006
    replace: bool = False,
    dry_run: bool = False,
) -> ImportDocument:
    """Send a CSV file: ``image,metric,value``, or ``image`` and a column for each metric.

    All or nothing; a refusal names every mistake with its line.
    """
    options = ImportOptions(
        version=parse_version(version),
        settings=parse_settings(settings),
        lower=tuple(lower_is_better),
        higher=tuple(higher_is_better),
        ignored=tuple(ignore),
        replace=replace,
    )
    plan = await plan_metric_import(
        session,
        content=await request.body(),
        file_name="sent to the API",
        options=options,
        slug=slug,
        export_names=await load_image_names(session, slug=slug),
    )
    plan.refuse_if_wrong()
    if not dry_run:
        await carry_out_metric_import(session, plan=plan, actor=account.email)
        study = await get_study(session, slug=slug)
        if (latest := await find_latest_run(session, study_id=study.id)) is not None:
            await queue_evaluation(session, run_id=latest.id)
    return ImportDocument.of(plan, dry_run=dry_run)


@router.get("/analysis-runs/{run_id}/metrics", summary="Show how metrics follow a run's scores")
async def show_evaluation(
    run_id: PathId, account: ApiAccount, session: SessionDep
) -> EvaluationDocument:
    """The stored evaluation; ask for one by POST where there is none or it is not current."""
    stored = await _get_benchmark(session, run_id)
    return EvaluationDocument(
        run_id=run_id,
        is_current=stored.is_current,
        is_evaluating=await is_evaluating(session, run_id=run_id),
        **{name: stored.document[name] for name in ("metrics", "dimensions", "methods")},
    )


@router.get(
    "/analysis-runs/{run_id}/metrics.csv",
    summary="Download how metrics follow a run's scores",
    response_class=Response,
    responses=CSV_ANSWER,
)
async def download_evaluation(run_id: PathId, account: ApiAccount, session: SessionDep) -> Response:
    """A line for each dimension and metric, and for each of its generators."""
    stored = await _get_benchmark(session, run_id)
    headers = {"Content-Disposition": f'attachment; filename="metrics-run-{run_id}.csv"'}
    content = leaderboard_csv(stored.document, run_id=run_id)
    return Response(content, media_type="text/csv", headers=headers)


@router.post(
    "/analysis-runs/{run_id}/metrics",
    summary="Evaluate metrics against a run's scores",
    status_code=status.HTTP_202_ACCEPTED,
)
async def evaluate(run_id: PathId, account: ApiOwner, session: SessionDep) -> AcceptedDocument:
    """Hold all metrics with predictions against the scores of a run, in the background."""
    run = await get_done_run(session, run_id=run_id)
    metrics = await list_metrics(session, study_id=run.study_id)
    if not any(metric.pictures for metric in metrics):
        raise AnalysisImpossible(NO_PREDICTIONS)
    await queue_evaluation(session, run_id=run_id)
    return AcceptedDocument(run_id=run_id, is_evaluating=True)


async def _get_benchmark(session: SessionDep, run_id: int) -> Benchmark:
    run = await get_done_run(session, run_id=run_id)
    stored = await find_benchmark(session, run=run)
    if stored is None:
        raise AnalysisImpossible("The metrics have not been held against this run's scores yet.")
    if stored.failed:
        raise AnalysisImpossible(stored.failed)
    return stored
