"""Who computes which metric of the catalogue on this machine, and why the others are not."""

from app.pool.metric_catalogue import MetricEntry
from worker.metrics.base import MetricUnavailable, Predictor
from worker.metrics.built_in import open_built_in
from worker.metrics.pyiqa_metrics import PyiqaMetric


def open_predictor(entry: MetricEntry, *, device: str | None = None) -> Predictor:
    """The metric, ready to judge; raises MetricUnavailable with the reason.

    Our own formula goes before the library's, since it runs everywhere.
    """
    if entry.is_built_in:
        return open_built_in(entry.key)
    if entry.pyiqa is not None:
        return PyiqaMetric(entry, device)
    raise MetricUnavailable(
        f"No library that Beholder uses computes it; compute it with {entry.code} and import"
        " its predictions."
    )
