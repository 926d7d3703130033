"""Beholder: subjective assessment of AI-generated images, from prompts to a released MOS table."""

from importlib.metadata import version

__version__ = version("beholder")
