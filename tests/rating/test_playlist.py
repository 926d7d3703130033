"""The order of a playlist: complete, random, repeatable, like stimuli apart."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from app.rating.playlist import Entry, build_playlist

entries = st.lists(
    st.builds(Entry, st.integers(1, 10_000), st.integers(1, 6), st.integers(1, 4)),
    unique_by=lambda entry: entry.stimulus_id,
    max_size=40,
)


@given(entries, st.integers(0, 2**63 - 1))
def test_every_entry_comes_once_and_the_seed_decides(given: list[Entry], seed: int) -> None:
    playlist = build_playlist(given, seed=seed)
    assert sorted(playlist, key=hash) == sorted(given, key=hash)
    assert build_playlist(given[::-1], seed=seed) == playlist


def test_other_seeds_give_other_orders() -> None:
    given = [Entry(number, number, number) for number in range(30)]
    orders = {tuple(build_playlist(given, seed=seed)) for seed in range(50)}
    assert len(orders) == 50


def test_no_position_is_favoured() -> None:
    given = [Entry(number, number, number) for number in range(5)]
    first = [build_playlist(given, seed=seed)[0].stimulus_id for seed in range(2000)]
    # 400 expected for each; 5 standard deviations of a binomial are 89.
    assert all(abs(first.count(number) - 400) < 90 for number in range(5))


@given(st.integers(0, 10_000))
def test_pictures_of_one_prompt_are_never_neighbours_when_that_is_possible(seed: int) -> None:
    # Half of the entries share one prompt: only strict alternation keeps them apart.
    given = [Entry(number, 1, number) for number in range(10)]
    given += [Entry(10 + number, 2 + number, 20 + number) for number in range(10)]
    playlist = build_playlist(given, seed=seed)
    pairs = itertools.pairwise(playlist)
    assert all(one.prompt_id != other.prompt_id for one, other in pairs)


def test_conditions_keep_apart_when_prompts_allow_it() -> None:
    given = [Entry(number, number, number % 4) for number in range(40)]
    for seed in range(20):
        playlist = build_playlist(given, seed=seed)
        pairs = itertools.pairwise(playlist)
        same = sum(one.condition_id == other.condition_id for one, other in pairs)
        # At random a quarter of 39 pairs would be alike; at most a short tail remains.
        assert same <= 4


def test_one_prompt_alone_is_still_shown() -> None:
    given = [Entry(number, 1, 1) for number in range(3)]
    assert len(build_playlist(given, seed=1)) == 3
    assert build_playlist([], seed=1) == []
