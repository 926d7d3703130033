"""The file by which an interrupted simulation knows its raters again."""

import json
from pathlib import Path

from app.simulation.cookie_file import CookieFile, Identity


def test_identities_are_found_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "raters.json"
    file = CookieFile(path)
    file.keep(3, Identity({"beholder_rater": "signed"}))
    file.keep(3, Identity({"beholder_rater": "signed"}, code="ABC234"))
    assert CookieFile(path).find(3) == Identity({"beholder_rater": "signed"}, code="ABC234")
    assert CookieFile(path).find(4) is None


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    CookieFile(tmp_path / "raters.json").keep(1, Identity({}))
    assert (tmp_path / "raters.json").stat().st_mode & 0o777 == 0o600


def test_a_draft_left_by_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "raters.draft").write_text("{")
    CookieFile(tmp_path / "raters.json").keep(1, Identity({}, code="ABC234"))
    assert json.loads((tmp_path / "raters.json").read_text())["1"]["code"] == "ABC234"


def test_removing_it_forgets_everybody(tmp_path: Path) -> None:
    file = CookieFile(tmp_path / "raters.json")
    file.remove()
    file.keep(1, Identity({}))
    file.remove()
    assert file.find(1) is None
    assert list(tmp_path.iterdir()) == []
