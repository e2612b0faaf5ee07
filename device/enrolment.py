"""How a kit joins its agency: with a ticket from IT and a key that it makes itself, which never leaves it.

Everything is durable before the next step, and repeating all of it at any time comes to the same end:

    authority.pem     of the ticket, if it has one: nobody else is asked, from the first request on
    kit.key.pem       made before that, and never over another: a power cut can't take away the key that uses the token
    (the service)     takes the token and the public key; the same again changes nothing
    directory.jws     verified against the root that the ticket pins
    kit.toml          last: without it neither service starts; from then on nothing is written any more
"""

from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.agency import Agency
from device.config import AUTHORITY, KitConfig, new_settings, read_config
from device.errors import AgencyUnreachable, ConfigInvalid, EnrolmentInvalid
from device.standing import Standing, standing
from device.tls import tls_context
from footage import durable
from footage.directory import read_directory
from footage.enrolment import Ticket, read_ticket
from footage.errors import FootageError
from footage.keys import key_from_pem, key_to_pem, new_key, thumbprint, to_jwk

TICKET = "enrolment.toml"
_KEY, _DIRECTORY = "kit.key.pem", "directory.jws"


class Joined(NamedTuple):
    """A kit that has enrolled: the thumbprint of its key, and what the directory says of that."""

    kit: str
    key: str
    standing: Standing


def enrol(settings: Path, ticket_file: Path, *, simulated: bool = False) -> Joined:
    """Enrol by a ticket, and write the kit's settings (`kit.toml`) with its key and directory beside them.

    Raises `EnrolmentInvalid`, `AgencyUnreachable`, `AgencyRefused`, `ConfigInvalid`, `FootageError`, `OSError`.
    """
    ticket = _ticket(ticket_file)
    before = _prepared_before(settings, ticket)
    folder = settings.parent
    durable.make_folder(folder)
    durable.remove_temporaries(folder)
    authority = before.authority if before else _pinned(ticket, folder / AUTHORITY)
    key = before.kit_key() if before else _own_key(folder / _KEY)
    token = _answer(ticket, key, authority)
    directory = read_directory(token, ticket.agency_root, accepted=before.accepted_directory() if before else None)
    if before is None:  # else the uplink fetches newer directories, and services may read what is there
        durable.write_file(folder / _DIRECTORY, token.encode("ascii"))
        pinned = authority is not None
        durable.write_file(
            settings,
            new_settings(ticket.kit, ticket.service, ticket.agency_root, pinned=pinned, simulated=simulated),
        )
    public = key.public_key()
    return Joined(ticket.kit, thumbprint(public), standing(directory, ticket.kit, to_jwk(public)))


def _ticket(file: Path) -> Ticket:
    try:
        return read_ticket(file.read_text("utf-8"))
    except FileNotFoundError:
        raise EnrolmentInvalid(f"There is no {file}. IT makes it: companion-api enrolment new --kit …") from None
    except (UnicodeDecodeError, FootageError) as reason:
        raise EnrolmentInvalid(f"{file} can't be used: {reason} Copy it anew, or ask IT for a new one.") from None


def _prepared_before(settings: Path, ticket: Ticket) -> KitConfig | None:
    """Return the settings that are there, if they are of this ticket's kit and agency."""
    if not settings.exists():
        return None
    config = read_config(settings)
    if (config.kit, config.agency_root) != (ticket.kit, ticket.agency_root):
        raise EnrolmentInvalid(
            f"This kit is {config.kit} already, and its films are signed as that. To make another one of it, bring all "
            f"films to the agency first, then remove {settings} and {config.key}."
        )
    return config


def _pinned(ticket: Ticket, file: Path) -> Path | None:
    if not ticket.authority:
        return None
    durable.write_file(file, ticket.authority.encode("ascii"))
    return file


def _own_key(file: Path) -> EllipticCurvePrivateKey:
    try:
        return key_from_pem(file.read_bytes())
    except FileNotFoundError:
        pass
    except FootageError as reason:
        raise ConfigInvalid(f"The kit's key {file} can't be used: {reason}") from None
    key = new_key()
    durable.write_file(file, key_to_pem(key))
    return key


def _answer(ticket: Ticket, key: EllipticCurvePrivateKey, authority: Path | None) -> str:
    """Return the directory (JWS) that the service answers with."""
    agency = Agency(ticket.service, ticket.kit, key, tls_context(authority))
    try:
        enrolled = agency.enrol(ticket.token)
    except AgencyUnreachable as reason:
        kept = f"The kit is not enrolled yet, its key is kept: call again. ({reason.detail})"  # IT reads it at a shell
        raise AgencyUnreachable(reason.trouble, reason.detail, kept) from None
    finally:
        agency.close()
    if enrolled.kit != ticket.kit:
        raise EnrolmentInvalid(f"The service took the kit for {enrolled.kit}. Ask IT for a new ticket.")
    return enrolled.directory
