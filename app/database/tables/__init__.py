"""Every table of Beholder, one file per room; importing this package fills ``Base.metadata``."""

from app.database.tables.accounts import Account, AccountSession, ApiToken, AuditEvent
from app.database.tables.base import Base
from app.database.tables.pool import Condition, GenerationItem, GenerationPlan, Image, Prompt
from app.database.tables.rating import Presentation, Rater, Rating, Sitting
from app.database.tables.results import AnalysisRun, RunRater, RunScore
from app.database.tables.study import Stimulus, Study

__all__ = [
    "Account",
    "AccountSession",
    "AnalysisRun",
    "ApiToken",
    "AuditEvent",
    "Base",
    "Condition",
    "GenerationItem",
    "GenerationPlan",
    "Image",
    "Presentation",
    "Prompt",
    "Rater",
    "Rating",
    "RunRater",
    "RunScore",
    "Sitting",
    "Stimulus",
    "Study",
]
