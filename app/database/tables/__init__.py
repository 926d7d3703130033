"""Every table of Beholder, one file per room; importing this package fills ``Base.metadata``."""

from app.database.tables.accounts import Account, AccountSession, ApiToken, AuditEvent
from app.database.tables.base import Base
from app.database.tables.metrics import Metric, MetricScore
from app.database.tables.pool import Condition, GenerationItem, GenerationPlan, Image, Prompt
from app.database.tables.rating import Presentation, Rater, Rating, Sitting
from app.database.tables.results import (
    AnalysisRun,
    RunEstimate,
    RunRater,
    RunScore,
    RunSection,
    ScreeningDecision,
)
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
    "Metric",
    "MetricScore",
    "Presentation",
    "Prompt",
    "Rater",
    "Rating",
    "RunEstimate",
    "RunRater",
    "RunScore",
    "RunSection",
    "ScreeningDecision",
    "Sitting",
    "Stimulus",
    "Study",
]
