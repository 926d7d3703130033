"""What experimenters see: the dashboard, behind a log-in."""

from fastapi import APIRouter

from app.web.admin import (
    charts,
    comparison,
    decisions,
    downloads,
    factors,
    imports,
    login,
    methods,
    metric_imports,
    metrics,
    pictures,
    planning,
    plans,
    pool,
    prompts,
    raters,
    reliability,
    results,
    runs,
    screening,
    sensitivity,
    stimuli,
    studies,
    study,
    study_form,
)
from app.web.admin.access import GUARD

router = APIRouter(include_in_schema=False)
router.include_router(login.router)
# study_form before study: /dashboard/studies/new is not a study called “new”.
for part in (studies, study_form, study, stimuli, raters, decisions, results, charts, downloads):
    router.include_router(part.router, dependencies=GUARD)
for part in (runs, comparison, screening, sensitivity, reliability, factors, methods):
    router.include_router(part.router, dependencies=GUARD)
for part in (metrics, metric_imports):
    router.include_router(part.router, dependencies=GUARD)
for part in (pool, prompts, plans, planning, imports, pictures):
    router.include_router(part.router, dependencies=GUARD)
