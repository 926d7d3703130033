"""The interface for programs: JSON under ``/api/v1``, with a token in ``Authorization``."""

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer

from app.web.api import analysis_runs, metrics, studies
from app.web.api.documents import REFUSALS

# Documents the token; ``require_api_account`` is what checks it.
_token = HTTPBearer(auto_error=False, description="An API token of an account.")

router = APIRouter(prefix="/api/v1", responses=REFUSALS, dependencies=[Depends(_token)])
router.include_router(studies.router)
router.include_router(analysis_runs.router)
router.include_router(metrics.router)
