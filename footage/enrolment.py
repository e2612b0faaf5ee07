"""What is handed over when a kit joins an agency: the ticket that it gets, and the keys that wait for the root.

Neither is signed. The ticket is a secret until it was used; the keys are public, and a person compares their
thumbprints with what the kits show before the root signs them.
"""

import json
import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from footage.authority import read_authority
from footage.errors import MessageMalformed
from footage.keys import PublicJwk, from_jwk, thumbprint
from footage.messages import KitId, Message, ServiceUrl, Thumbprint, Timestamp, encode

EnrolmentToken = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]


class Ticket(Message, frozen=True):
    """What a kit needs to join: its name, whom to ask, whom to trust, and a token that is good once.

    `authority` is PEM text: who has no certificate by it is not the service. Empty: the kit's system decides.
    """

    kit: KitId
    service: ServiceUrl
    agency_root: Thumbprint
    token: EnrolmentToken
    authority: str = ""


class WaitingKit(Message, frozen=True):
    """A kit that has enrolled, and its public key, which the root has not listed yet."""

    kit: KitId
    key: PublicJwk
    enrolled_at: Timestamp

    @property
    def thumbprint(self) -> str:
        """What the kit itself shows. Raises `MessageMalformed` for a point off the curve."""
        return thumbprint(from_jwk(self.key))


class WaitingKits(Message, frozen=True):
    """All kits that wait, as the service exports them for the offline root."""

    format: Literal[1]
    waiting: tuple[WaitingKit, ...]


def write_ticket(ticket: Ticket) -> str:
    """Return the ticket as TOML, with a word to whoever finds it."""
    # JSON strings are TOML basic strings.
    fields = (f"{name} = {json.dumps(value)}\n" for name, value in msgspec.structs.asdict(ticket).items() if value)
    return "# Attune Kit enrolment: for this kit alone, and good once. Keep it secret until the kit is enrolled.\n" + (
        "".join(fields)
    )


def read_ticket(text: str) -> Ticket:
    """Parse `write_ticket`'s form. Raises `MessageMalformed` and `AuthorityInvalid`; messages hold no token."""
    try:
        ticket = msgspec.convert(tomllib.loads(text), Ticket)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as reason:
        raise MessageMalformed(f"This is not a ticket: {reason}.") from None
    if ticket.authority:
        read_authority(ticket.authority.encode())
    return ticket


def write_waiting_kits(waiting: WaitingKits) -> bytes:
    """Return the kits that wait as indented JSON, for people to look at too."""
    return msgspec.json.format(encode(waiting), indent=2) + b"\n"
