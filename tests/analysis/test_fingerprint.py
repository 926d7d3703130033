import hashlib

import numpy as np
import pytest

from app.analysis.fingerprint import digest


def test_the_digest_is_that_of_a_header_and_of_the_narrowest_numbers() -> None:
    columns = {
        "a": np.array([[1, -2], [3, 4]]),
        "b": np.array([300, 70_000]),
        "c": np.array([2**40]),
    }
    content = (
        b'{"format": "x@1", "columns": [["a", "<i1", [2, 2]], ["b", "<i4", [2]],'
        b' ["c", "<i8", [1]]]}\n'
        b"\x01\x03\xfe\x04"
        + (300).to_bytes(4, "little")
        + (70_000).to_bytes(4, "little")
        # 2**40 in eight bytes
        + b"\x00\x00\x00\x00\x00\x01\x00\x00"
    )
    assert digest({"format": "x@1"}, columns) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("limit", [2**7, 2**15, 2**31])
def test_numbers_on_both_sides_of_a_width_are_told_apart(limit: int) -> None:
    values = (-limit - 1, -limit, limit - 1, limit)
    digests = {digest({}, {"a": np.array([value])}) for value in values}
    assert len(digests) == len(values)


def test_the_layout_in_memory_does_not_matter() -> None:
    rows = np.arange(6).reshape(3, 2)
    assert digest({}, {"a": rows}) == digest({}, {"a": np.asfortranarray(rows)})


def test_nothing_has_a_digest_too() -> None:
    nothing = np.empty((0, 2), dtype=np.int64)
    assert digest({}, {"a": nothing}) != digest({}, {"a": nothing[:, :1]})
