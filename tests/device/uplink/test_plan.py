"""What the uplink does next, for films in every state."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.spooled_film import FilmState
from device.uplink.known import Known
from device.uplink.plan import Kind, Step, next_steps
from footage.parts import PartKind, PartName

S = FilmState


@dataclass
class Film:
    film: str
    state: FilmState
    parts: list[int] = field(default_factory=list)

    def part_names(self) -> list[PartName]:
        return [_part(number) for number in self.parts]


def _part(number: int) -> PartName:
    return PartName(number, PartKind.MEDIA, 1000, "0" * 64)


def _steps(*films: Film, known: dict[str, Known] | None = None, going_on: list[Step] | None = None) -> list[Step]:
    return list(next_steps(films, known or {}, going_on or []))


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        (S.EMPTY, []),
        (S.OPEN, [Kind.ASK]),
        (S.CLOSED, [Kind.ASK]),
        (S.RECEIPTED, [Kind.ERASE]),
        (S.TAKEN_BACK, [Kind.TAKE_BACK]),
    ],
)
def test_the_first_step_by_a_films_state(state: FilmState, kinds: list[Kind]) -> None:
    assert [step.kind for step in _steps(Film("f", state, [0, 1]))] == kinds


def test_the_key_is_begun_before_the_parts_which_do_not_wait_for_its_answer() -> None:
    film, parts = Film("f", S.OPEN, [0, 1]), [Step(Kind.PART, "f", _part(number)) for number in (0, 1)]
    key = Step(Kind.KEY, "f")
    assert _steps(film, known={"f": Known()}) == [key, *parts]
    assert _steps(film, known={"f": Known()}, going_on=[key]) == parts
    assert _steps(film, known={"f": Known()}, going_on=[key, parts[0]]) == parts[1:]
    assert _steps(film, known={"f": Known(key=True)}) == parts


def test_the_manifest_waits_for_the_key() -> None:
    film, key = Film("f", S.CLOSED, [0]), Step(Kind.KEY, "f")
    assert _steps(film, known={"f": Known(parts={0})}) == [key]
    assert _steps(film, known={"f": Known(parts={0})}, going_on=[key]) == []


def test_what_is_held_or_under_way_is_not_sent() -> None:
    film = Film("f", S.OPEN, [0, 1, 2, 3])
    known = {"f": Known(key=True, parts={0})}
    assert _steps(film, known=known, going_on=[Step(Kind.PART, "f", _part(2))]) == [
        Step(Kind.PART, "f", _part(number)) for number in (1, 3)
    ]


def test_the_manifest_waits_for_every_part_and_is_sent_once() -> None:
    film = Film("f", S.CLOSED, [0, 1])
    close = Step(Kind.CLOSE, "f")
    assert _steps(film, known={"f": Known(True, {0})}, going_on=[Step(Kind.PART, "f", _part(1))]) == []
    assert _steps(film, known={"f": Known(True, {0, 1})}) == [close]
    assert _steps(film, known={"f": Known(True, {0, 1})}, going_on=[close]) == []
    assert _steps(film, known={"f": Known(True, {0}, torn={1})}) == [close], "a torn part is in no manifest"


def test_a_film_that_is_being_recorded_is_not_closed() -> None:
    assert _steps(Film("f", S.OPEN, [0]), known={"f": Known(True, {0})}) == []


def test_nothing_is_erased_or_taken_back_while_something_of_the_film_is_under_way() -> None:
    sending = [Step(Kind.PART, "f", _part(0))]
    for state in (S.RECEIPTED, S.TAKEN_BACK):
        assert _steps(Film("f", state, [0]), going_on=sending) == []


def test_the_newest_film_comes_first_and_the_others_fill_what_is_left() -> None:
    new, old = Film("new", S.OPEN, [0]), Film("old", S.CLOSED, [0, 1])
    known = {"new": Known(key=True), "old": Known(True, {0})}
    assert [step.film for step in _steps(new, old, known=known)] == ["new", "old"]


def test_a_film_that_is_put_aside_holds_nobody_up() -> None:
    films = [Film("refused", S.CLOSED), Film("other", S.RECEIPTED)]
    steps = list(next_steps(films, {}, [], lambda film: film.film == "refused"))
    assert steps == [Step(Kind.ERASE, "other")]


def test_no_more_is_looked_at_than_is_asked_for() -> None:
    def films() -> Iterator[Film]:
        yield Film("first", S.RECEIPTED)
        raise AssertionError("the second film is not needed")

    assert next(next_steps(films(), {}, [])) == Step(Kind.ERASE, "first")


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)), st.integers(1, 6))
def test_every_film_ends_whatever_is_held_and_however_many_go_at_once(
    parts: set[int], held: set[int], torn: set[int], window: int
) -> None:
    """Steps that are begun end in any order; no part is sent twice, and the manifest is the last of all."""
    film, known = Film("f", S.CLOSED, sorted(parts)), {"f": Known(parts=set(held))}
    done: list[Step] = []
    going_on: list[Step] = []
    while film.state is S.CLOSED:
        for step in next_steps([film], known, going_on):
            if len(going_on) < window:
                going_on.append(step)
        assert going_on, "it would wait for ever"
        step = going_on.pop(len(done) % len(going_on))
        done.append(step)
        if step.kind is Kind.KEY:
            known["f"].key = True
        elif step.part is not None:
            (known["f"].torn if step.part.number in torn else known["f"].parts).add(step.part.number)
        else:
            film.state = S.RECEIPTED
    assert done[0].kind is Kind.KEY
    assert done[-1].kind is Kind.CLOSE
    sent = [step.part.number for step in done if step.part]
    assert sorted(sent) == sorted(parts - held)


def test_what_was_sent_in_vain_is_asked_for_while_the_rest_goes_on() -> None:
    film, ask = Film("f", S.CLOSED, [0, 1, 2]), Step(Kind.ASK, "f")
    rest = [Step(Kind.PART, "f", _part(2))]
    known = {"f": Known(True, {0}, doubts={1})}
    assert _steps(film, known=known) == [ask, *rest]
    assert _steps(film, known=known, going_on=rest) == [ask]
    assert _steps(film, known=known, going_on=[ask]) == rest
    assert _steps(film, known={"f": Known(False, {0, 1, 2}, doubts={None})}) == [ask], "nor is the key sent again"
    assert _steps(film, known={"f": Known(True, {0, 1, 2}, doubts={1})}) == [ask], "nor is it closed"


def test_an_answer_ends_the_doubts_that_it_was_asked_for() -> None:
    before = Known(True, {0, 1}, torn={9}, doubts={2, 3, None})
    now = Known(False, {0, 2}, {5: 100}).after(before, {2, None})
    assert now == Known(True, {0, 1, 2}, {5: 100}, torn={9}, doubts={3})
