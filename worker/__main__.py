"""`python -m worker`: the rendering process, until SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import signal
import sys

from app.errors import BeholderError
from app.logs import configure_logging
from app.settings import Settings, get_settings
from worker.loop import Pace, run_worker


def main() -> int:
    """Run the worker; the exit status is 0 after a stop request, 1 when it cannot work."""
    options = _parse_options()
    settings = get_settings()
    if options.concurrency is not None:
        settings = settings.model_copy(update={"worker_concurrency": options.concurrency})
    configure_logging(settings)
    for library in ("psycopg.pool", "procrastinate", "asyncio"):
        # What they repeat while the database is away, the worker says once.
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        asyncio.run(_run(settings, Pace(stalled_after_s=options.stalled_after_s)))
    except BeholderError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="beholder worker", description=__doc__)
    parser.add_argument(
        "--concurrency",
        type=int,
        choices=range(1, 17),
        metavar="N",
        help="chunks rendered at the same time (default: BEHOLDER_WORKER_CONCURRENCY)",
    )
    parser.add_argument(
        "--stalled-after-s",
        type=float,
        default=Pace.stalled_after_s,
        metavar="SECONDS",
        help="silence after which another worker counts as dead (default: %(default)s)",
    )
    return parser.parse_args()


async def _run(settings: Settings, pace: Pace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await run_worker(settings, pace=pace, stop=stop)


if __name__ == "__main__":
    sys.exit(main())
