"""What a form's fields hold, as texts and numbers; nothing is trusted, only understood."""

from collections.abc import Mapping

from starlette.datastructures import FormData

from app.errors import InvalidInput, Problem

Typed = Mapping[str, str]


def texts(form: FormData) -> dict[str, str]:
    """The form's texts; line ends, which browsers send as CR LF, become LF."""
    return {
        name: value.replace("\r\n", "\n") for name, value in form.items() if isinstance(value, str)
    }


def find_whole_number(typed: Typed, name: str) -> int | None:
    """The whole number in a field, None when it is empty; raises InvalidInput for anything else."""
    text = typed.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        sentence = "Please give a whole number."
        raise InvalidInput(sentence, problems=[Problem(name, sentence)])
    return int(text)
