"""Tickets and lists of waiting kits are strict, and a refused ticket is not repeated."""

import pytest
from msgspec.structs import replace

from footage.authority import AuthorityInvalid
from footage.enrolment import Ticket, WaitingKit, WaitingKits, read_ticket, write_ticket, write_waiting_kits
from footage.errors import MessageMalformed
from footage.keys import new_key, thumbprint, to_jwk
from footage.messages import decode
from tests.certificates import Authority

TICKET = Ticket("kit-0007", "https://films.example", "r" * 43, "t" * 43)


def test_a_ticket_is_read_as_it_was_written() -> None:
    assert read_ticket(write_ticket(TICKET)) == TICKET


def test_a_ticket_may_hold_an_authority() -> None:
    pinned = replace(TICKET, authority=Authority().pem)
    assert read_ticket(write_ticket(pinned)) == pinned
    assert "authority =" not in write_ticket(TICKET), "which an older kit would not understand"
    with pytest.raises(AuthorityInvalid) as refusal:
        read_ticket(write_ticket(replace(TICKET, authority="hello")))
    assert "tttt" not in str(refusal.value)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("kit-0007", "Kit 7"),
        ("https://films.example", "films.example"),
        ("https://films.example", "https://films.example/v1"),
        ("r" * 43, "r" * 42),
        ("t" * 43, "t" * 44),
        ("token", "tokens"),
        ('kit = "kit-0007"', ""),
        ('"', ""),
    ],
)
def test_a_ticket_of_another_form_is_refused_without_its_token(true: str, false: str) -> None:
    with pytest.raises(MessageMalformed) as refusal:
        read_ticket(write_ticket(TICKET).replace(true, false))
    assert "tttt" not in str(refusal.value)


def test_waiting_kits_show_what_the_kits_show() -> None:
    key = new_key().public_key()
    waiting = WaitingKits(1, (WaitingKit("kit-0007", to_jwk(key), "2026-11-20T10:00:00Z"),))
    read = decode(WaitingKits, write_waiting_kits(waiting))
    assert read == waiting
    assert read.waiting[0].thumbprint == thumbprint(key)
