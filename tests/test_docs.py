"""The documents tell the truth: settings, commands and links are compared with the code."""

import re
from pathlib import Path

import pytest
import typer

from app.cli import cli
from app.settings import PROJECT_FOLDER, Settings

DOCUMENTS = [PROJECT_FOLDER / "README.md", *sorted((PROJECT_FOLDER / "docs").glob("*.md"))]
# Options that click itself gives every command.
UNIVERSAL = {"--help"}


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (PROJECT_FOLDER / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `BEHOLDER_(\w+)`", text, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def commands_in(document: Path) -> list[list[str]]:
    """Every `beholder …` of a document, in code blocks and in running text, as words."""
    text = document.read_text()
    found = re.findall(r"`beholder ([^`]+)`", text)
    found += re.findall(r"^beholder ([^#\n]+)", text, re.MULTILINE)
    return [line.split() for line in found]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_the_documents_exists_with_its_options(document: Path) -> None:
    root = typer.main.get_command(cli)
    for words in commands_in(document):
        command, rest = root, list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]  # type: ignore[attr-defined]
        named = {word for word in words if word.startswith("--")} - UNIVERSAL
        known = {option for parameter in command.params for option in parameter.opts}
        assert command is not root or words[0].startswith("--"), f"unknown command: {words}"
        assert named <= known, f"unknown option in: beholder {' '.join(words)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        assert target.startswith("https://") or (document.parent / target).exists(), target
