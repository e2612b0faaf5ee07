"""Whether the agency knows the kit: what the directory says of its key."""

from enum import StrEnum

from device.config import KitConfig
from device.errors import ConfigInvalid
from footage.directory import Directory
from footage.keys import PublicJwk, to_jwk


class Standing(StrEnum):
    """What the directory says."""

    LISTED = "listed"
    WAITING = "waiting"
    REVOKED = "revoked"
    FOREIGN = "foreign"


MEANING = {
    Standing.LISTED: "the directory lists it",
    Standing.WAITING: "waits until IT admits it (`kit admit`); films stay on the kit until then",
    Standing.REVOKED: "the agency revoked this kit; it takes no films of it",
    Standing.FOREIGN: "the directory lists another key for this kit; tell IT",
}


def public_key(config: KitConfig) -> PublicJwk | None:
    """Return the kit's public key, or None if its key can't be read."""
    try:
        return to_jwk(config.kit_key().public_key())
    except ConfigInvalid:
        return None


def standing(directory: Directory, kit: str, key: PublicJwk) -> Standing:
    """Return what the directory says of a kit with this key."""
    entry = directory.entry(kit)
    if entry is None:
        return Standing.WAITING
    if entry.key != key:
        return Standing.FOREIGN
    return Standing.REVOKED if entry.revoked else Standing.LISTED
