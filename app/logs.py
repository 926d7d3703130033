"""Logging: one structured event at a time, in the past tense, with ids and no personal data."""

import logging
import sys

import structlog

from app.settings import Settings


def configure_logging(settings: Settings, *, quiet: bool = False) -> None:
    """Write events to standard error, for people or (``log_format=json``) for collectors.

    ``quiet`` leaves out everyday events, for commands whose own output says what happened.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            "warning" if quiet else settings.log_level
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _renderers(settings: Settings) -> list[structlog.typing.Processor]:
    if settings.log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The plain one: others print local variables, which may hold what nobody should log.
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]
