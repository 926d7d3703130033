"""What raters see: one address per study, at which the server alone decides what comes next."""

from fastapi import APIRouter

from app.web.rater import answers, arrival, leaving, pictures, step

router = APIRouter(include_in_schema=False)
for part in (step, arrival, answers, pictures, leaving):
    router.include_router(part.router, prefix="/rate/{slug}")
