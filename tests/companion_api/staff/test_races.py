"""Several at once: what is good once is good once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from companion_api.problems import Refusal
from companion_api.staff import accounts, passkeys
from companion_api.staff.origin import Origin
from companion_api.staff.passkeys import Registering, SigningIn
from companion_api.staff.person import Role
from companion_api.staff.sign_in import session_of
from tests.companion_api.builders import ORIGIN, Service
from tests.companion_api.staff.authenticator import Authenticator

RACERS = 8
HERE = Origin(ORIGIN)


def race(racers: list[Callable[[], str]]) -> tuple[list[str], list[str]]:
    """Return what the winners got, and the problems of the others."""

    def run(racer: Callable[[], str]) -> tuple[str, str]:
        try:
            return racer(), ""
        except Refusal as refusal:
            return "", refusal.problem.code

    with ThreadPoolExecutor(len(racers)) as pool:
        ended = list(pool.map(run, racers))
    return [won for won, _ in ended if won], [problem for _, problem in ended if problem]


class Person:
    """Somebody who is invited, without a browser."""

    def __init__(self, service: Service) -> None:
        self.archive = service.archive
        self.authenticator = Authenticator()
        self.account, self.invitation = accounts.add_account(self.archive, "operator", "A. Jones", {Role.IT})

    def accept(self, authenticator: Authenticator) -> Callable[[], str]:
        """Return what sends the answer to the invitation."""
        options, ceremony = passkeys.ask_invited(self.archive, HERE, self.invitation)
        assert isinstance(ceremony, Registering)
        answer = authenticator.create(options)
        return lambda: passkeys.register_invited(self.archive, HERE, ceremony, "laptop", answer, "")

    def sign_in(self) -> Callable[[], str]:
        options, ceremony = passkeys.ask_anybody(HERE)
        assert isinstance(ceremony, SigningIn)
        answer = self.authenticator.get(options)
        return lambda: passkeys.sign_in(self.archive, HERE, ceremony, answer, "")


@pytest.fixture
def invited(service: Service) -> Person:
    return Person(service)


@pytest.fixture
def person(invited: Person) -> Person:
    invited.accept(invited.authenticator)()
    return invited


def test_of_eight_that_have_one_invitation_one_registers(invited: Person) -> None:
    won, others = race([invited.accept(Authenticator()) for _ in range(RACERS)])
    assert len(won) == 1
    assert others == ["invitation-over"] * (RACERS - 1)


def test_of_eight_that_bring_one_answer_one_signs_in(person: Person) -> None:
    won, others = race([person.sign_in()] * RACERS)
    assert len(won) == 1
    assert others == ["ceremony-over"] * (RACERS - 1)


def test_eight_answers_sign_in_eight_times(person: Person) -> None:
    won, others = race([person.sign_in() for _ in range(RACERS)])
    assert (len(won), others) == (RACERS, [])


def test_nobody_is_signed_in_after_a_deactivation_however_close(service: Service, person: Person) -> None:

    def deactivate() -> str:
        accounts.deactivate(service.archive, "operator", person.account)
        return ""

    won, _ = race([*(person.sign_in() for _ in range(RACERS - 1)), deactivate])
    for token in won:
        with pytest.raises(Refusal, match="Sign in again"):
            session_of(service.archive, token)
