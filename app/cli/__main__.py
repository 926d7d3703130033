"""``python -m app.cli`` is ``beholder``."""

from app.cli import main

main()
