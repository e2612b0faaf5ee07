"""What is asked again and when, for each problem of the service, by a clock of the test's own."""

import pytest

from companion_api.problems import BY_CODE
from device.errors import AgencyRefused
from device.spooled_film import FilmState
from device.uplink.plan import Kind
from device.uplink.refusals import AGAIN_SECONDS, FINAL_SECONDS, OTHERS, RULES, Refusals, Scope
from footage.errors import ReceiptForged

OPEN, CLOSED, RECEIPTED, TAKEN_BACK = FilmState.OPEN, FilmState.CLOSED, FilmState.RECEIPTED, FilmState.TAKEN_BACK


class Now:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.refusals = Refusals(lambda: self.seconds)

    def refused(self, problem: str, film: str = "one", state: FilmState = CLOSED) -> None:
        self.refusals.note(film, state, AgencyRefused(problem, "What to do."))

    def taken(self, kind: Kind) -> None:
        """A step of this kind was begun a second later, and taken."""
        self.refusals.taken(kind, self.seconds + 1)

    def held_for(self, film: str, state: FilmState = CLOSED) -> float:
        """Return how long a film is held, in steps of a second."""
        begun = self.seconds
        while self.refusals.hold(film, state):
            self.seconds += 1
        waited, self.seconds = self.seconds - begun, begun
        return waited


@pytest.fixture
def now() -> Now:
    return Now()


def test_every_rule_is_of_a_problem_that_the_service_has() -> None:
    assert set(RULES) <= set(BY_CODE)


@pytest.mark.parametrize("problem", [*RULES, "part-differs"])
def test_who_is_held_up_and_for_how_long(now: Now, problem: str) -> None:
    rule = RULES.get(problem, OTHERS)
    now.refused(problem)
    assert now.held_for("one") == rule.first
    assert now.held_for("other", OPEN) == (0 if rule.scope is Scope.FILM else rule.first)
    for state in (RECEIPTED, TAKEN_BACK):
        assert now.held_for("other", state) == (rule.first if rule.scope is Scope.KIT else 0), "it makes room"
    assert not now.refusals.hold("directory", None)


@pytest.mark.parametrize("problem", [*RULES, "part-differs"])
def test_who_is_refused_again_waits_longer_up_to_a_bound(now: Now, problem: str) -> None:
    rule = RULES.get(problem, OTHERS)
    waits = []
    for _ in range(8):
        now.refused(problem)
        waits.append(now.held_for("one"))
        now.seconds += waits[-1]
    assert waits[:2] == [rule.first, min(rule.most, 2 * rule.first)]
    assert waits == sorted(waits)
    assert waits[-1] == rule.most <= FINAL_SECONDS


def test_several_that_were_under_way_at_once_count_once(now: Now) -> None:
    for film in ("one", "one", "two"):
        now.refused("store-full", film)
    assert now.held_for("three") == AGAIN_SECONDS


def test_after_a_wait_a_single_step_finds_out(now: Now) -> None:
    assert not now.refusals.in_doubt
    now.refused("store-full")
    now.seconds += AGAIN_SECONDS
    assert not now.refusals.hold("two", CLOSED)
    assert now.refusals.in_doubt
    now.taken(Kind.ASK)
    assert now.refusals.in_doubt, "a full store answers questions"
    now.taken(Kind.PART)
    assert not now.refusals.in_doubt
    assert not now.refusals.hold("two", CLOSED)


def test_what_was_under_way_when_it_was_refused_tells_nothing(now: Now) -> None:
    now.seconds = 10
    now.refused("store-full")
    now.refusals.taken(Kind.PART, begun=9)
    assert now.refusals.problem[0] == "store-full", "a smaller part found room"


def test_a_kit_that_is_answered_is_known_again(now: Now) -> None:
    now.refused("kit-unknown")
    now.taken(Kind.DIRECTORY)
    assert now.refusals.in_doubt, "everybody may have it"
    now.taken(Kind.ASK)
    assert not now.refusals.in_doubt


def test_a_new_directory_lets_everything_be_asked(now: Now) -> None:
    now.refused("kit-revoked")
    now.refused("film-erased", "two")
    now.refusals.ask_again()
    assert not now.refusals.hold("one", CLOSED)
    assert not now.refusals.hold("two", CLOSED)
    assert now.refusals.in_doubt, "one at a time"


def test_a_film_in_another_state_is_another_question(now: Now) -> None:
    now.refused("part-differs", state=OPEN)
    assert not now.refusals.hold("one", CLOSED)
    now.refused("part-differs", state=CLOSED)
    assert now.held_for("one") == AGAIN_SECONDS


@pytest.mark.parametrize("problem", [problem for problem, rule in RULES.items() if rule.scope is not Scope.FILM])
def test_what_holds_up_more_than_a_film_is_told_by_name_and_once(now: Now, problem: str) -> None:
    for film in ("one", "two"):
        now.refused(problem, film)
    assert now.refusals.problem == (problem, RULES[problem].advice)
    assert len(RULES[problem].advice.rstrip(".").split(". ")) >= 2, "what is wrong, then what to do"
    now.refused("film-erased", "three")
    assert now.refusals.problem == (problem, f"{RULES[problem].advice}; film-erased: What to do.")
    assert now.refusals.said["two"] == f"{problem}: What to do."


def test_what_holds_up_films_alone_is_told_in_the_services_words(now: Now) -> None:
    assert now.refusals.problem == ("", "")
    now.refused("film-erased")
    now.refusals.note("two", CLOSED, ReceiptForged("The receipt is not signed."))
    assert now.refusals.problem == ("refused", "film-erased: What to do.; The receipt is not signed.")


def test_when_nobody_is_refused_any_more_nothing_is_wrong(now: Now) -> None:
    now.refused("store-full")
    now.refusals.end("one")
    assert now.refusals.problem == ("", "")
    assert not now.refusals.in_doubt
