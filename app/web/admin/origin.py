"""Where a run's numbers come from, as it stands beside them on every page."""

from dataclasses import dataclass
from datetime import datetime

from app.database.tables import AnalysisRun
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.summary import RunVersions, fingerprint_of, versions_of


@dataclass(frozen=True)
class Origin:
    """Configuration, versions and fingerprint of one run."""

    run_id: int
    made_at: datetime
    made_by: str
    seconds: float
    fingerprint: str
    configuration: AnalysisConfiguration
    versions: RunVersions

    @property
    def short_fingerprint(self) -> str:
        """Enough of it to compare by eye."""
        return self.fingerprint[:12]

    def method(self, prefix: str) -> str:
        """Name and version of the method of this kind: ``scores/mos`` is ``scores/mos@1``."""
        found = (m for m in self.versions.methods if m.partition("@")[0] == prefix)
        return next(found, prefix)

    @property
    def interval_method(self) -> str:
        """Name and version of the interval of the raw MOS."""
        return self.method(f"interval/{self.configuration.interval}")


def origin_of(run: AnalysisRun) -> Origin:
    """The origin of a run's numbers."""
    return Origin(
        run_id=run.id,
        made_at=run.created_at,
        made_by=run.created_by,
        seconds=run.seconds or 0.0,
        fingerprint=fingerprint_of(run),
        configuration=AnalysisConfiguration.model_validate(run.configuration),
        versions=versions_of(run),
    )
