"""Every error a person may see: a sentence for them, a status for their browser.

The class docstring is the default message.  A room raises; ``web`` turns the error into a page,
a form with what was typed, or a JSON problem; the command line prints the sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where (a line, a field) and what."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class BeholderError(Exception):
    """Something went wrong."""

    status = 500

    def __init__(self, message: str | None = None, *, problems: Sequence[Problem] = ()) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.problems = tuple(problems)
        super().__init__(self.message)


class InvalidInput(BeholderError):
    """The input could not be understood."""

    status = 422


class NotFound(BeholderError):
    """There is nothing at this address."""

    status = 404


class LoginRequired(BeholderError):
    """Please log in to see this page."""

    status = 401


class Forbidden(BeholderError):
    """You are not allowed to do this."""

    status = 403


class Conflict(BeholderError):
    """This cannot be done in the present state."""

    status = 409


class TooManyAttempts(BeholderError):
    """Too many attempts; please wait a few minutes and try again."""

    status = 429


# --- pool ---


class ImportRefused(InvalidInput):
    """Nothing was imported, because the input has mistakes."""


class ImageRefused(InvalidInput):
    """This file is not a picture that can be used."""


class PlanRefused(InvalidInput):
    """This generation plan cannot be carried out."""


# --- study ---


class ProtocolRefused(InvalidInput):
    """This protocol is not complete or not consistent."""


class WrongStudyState(Conflict):
    """The study is not in a state in which this can be done."""


# --- rating ---


class StudyNotOpen(Conflict):
    """This study is not taking part in ratings at the moment."""


class ConsentRequired(Forbidden):
    """Please read and accept the consent text first."""


class UnknownRater(Forbidden):
    """This browser has not joined the study yet; please start from the study's link."""


class AlreadyJoined(Conflict):
    """Somebody has already joined the study with this participant id from another browser."""


class PresentationNotFound(NotFound):
    """This picture is not part of your playlist; nothing was stored."""


class RatingIncomplete(InvalidInput):
    """A score is missing; nothing was stored."""


class ScoreOutOfScale(InvalidInput):
    """A score is not on the scale; nothing was stored."""


class SittingFinished(Conflict):
    """This sitting is finished, so its ratings can no longer be changed."""


# --- results ---


class AnalysisImpossible(Conflict):
    """There is nothing to analyse yet."""
