"""What counts as a prompt, and as the same prompt.

The stored text is the given one in Unicode's composed form (NFC), trimmed, with every run of
white space (line breaks too) as one space.  Two prompts are the same when that text is the same;
case and punctuation matter, because they matter to generators.
"""

import unicodedata
from dataclasses import dataclass

LONGEST_PROMPT = 10_000  # characters; the table has the same limit
LONGEST_LABEL = 200


@dataclass(frozen=True)
class NewPrompt:
    """A prompt that may or may not be in the pool yet; ``text`` is clean."""

    text: str
    language: str = "en"
    category: str | None = None
    source: str | None = None

    @property
    def word_count(self) -> int:
        return len(self.text.split())


def clean(text: str) -> str:
    """The text in the form in which it is stored and compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def storing_objection(text: str) -> str | None:
    """Why the database cannot hold this text, or None."""
    if "\0" in text:
        return "The text contains a NUL character."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "The text contains half of a character (a lone surrogate)."
    return None


def prompt_objection(text: str) -> str | None:
    """Why this clean text cannot be a prompt, in one sentence, or None."""
    if not text:
        return "The prompt is empty."
    if len(text) > LONGEST_PROMPT:
        return f"The prompt has {len(text):,} characters; {LONGEST_PROMPT:,} are the most."
    return storing_objection(text)
