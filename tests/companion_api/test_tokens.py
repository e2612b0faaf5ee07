"""Random tokens."""

from msgspec.structs import replace

from companion_api.tokens import new_token
from footage.enrolment import Ticket, read_ticket, write_ticket

TICKET = Ticket("kit-0007", "https://films.example", "r" * 43, "t" * 43)


def test_tokens_have_256_bits_and_are_new() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(read_ticket(write_ticket(replace(TICKET, token=token))).token == token for token in tokens)
