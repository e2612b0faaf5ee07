"""What a scrub can find wrong, by name; what it means, and what to do."""

from enum import StrEnum
from typing import NamedTuple


class FaultKind(StrEnum):
    """What is wrong."""

    PART_MISSING = "part-missing"
    PART_DAMAGED = "part-damaged"
    KEY_MISSING = "key-missing"
    KEY_DAMAGED = "key-damaged"
    MANIFEST_MISSING = "manifest-missing"
    MANIFEST_DAMAGED = "manifest-damaged"
    MANIFEST_FORGED = "manifest-forged"
    KIT_UNKNOWN = "kit-unknown"
    RECEIPT_MISSING = "receipt-missing"
    RECEIPT_FORGED = "receipt-forged"
    ROW_STALE = "row-stale"
    FILM_UNLISTED = "film-unlisted"
    LEFTOVER = "leftover"
    DIRECTORY_FORGED = "directory-forged"
    BYTES_REFUSED = "bytes-refused"
    UNLISTED_OBJECT = "unlisted-object"


class Meaning(NamedTuple):
    """What a fault means, and what to do. What is not `grave` can come of a crash, and mends itself."""

    grave: bool
    text: str
    next_step: str


_BACKUP = "mend it: companion-api scrub --mend-from BACKUP"
_WHO = "find out who could write there; restore a backup"
MEANINGS = {
    FaultKind.PART_MISSING: Meaning(True, "a part is not in the store", _BACKUP),
    FaultKind.PART_DAMAGED: Meaning(True, "a part has other bytes than were sent, or can't be read", _BACKUP),
    FaultKind.KEY_MISSING: Meaning(True, "film.key is not in the store: nobody can open the film", _BACKUP),
    FaultKind.KEY_DAMAGED: Meaning(True, "film.key has other bytes than were sent, or can't be read", _BACKUP),
    FaultKind.MANIFEST_MISSING: Meaning(True, "a closed film has no manifest in the store", _BACKUP),
    FaultKind.MANIFEST_DAMAGED: Meaning(True, "the manifest is not the one that the film was closed by", _BACKUP),
    FaultKind.MANIFEST_FORGED: Meaning(True, "the manifest is not signed by the film's kit", _WHO),
    FaultKind.KIT_UNKNOWN: Meaning(True, "the directory no longer lists the film's kit", "list it again, as revoked"),
    FaultKind.RECEIPT_MISSING: Meaning(True, "a closed film has no receipt in the store", _BACKUP),
    FaultKind.RECEIPT_FORGED: Meaning(
        True, "the receipt is not signed by a listed receipt key, or of another film", _WHO
    ),
    FaultKind.ROW_STALE: Meaning(True, "the database says other than the signed manifest or the store", _WHO),
    FaultKind.FILM_UNLISTED: Meaning(
        True, "the store has a film that the database does not know", "keep it; compare with a backup"
    ),
    FaultKind.LEFTOVER: Meaning(True, "something is left of a film that is gone", "run `companion-api upkeep`"),
    FaultKind.DIRECTORY_FORGED: Meaning(
        True, "the store's copy of the directory is missing or not the root's", "restart the service"
    ),
    FaultKind.BYTES_REFUSED: Meaning(
        True,
        "a kit sent other bytes under a name that is held: the first stay, the others are on the kit only",
        "get the kit and keep what it has; withdraw the film, or take it back at the kit",
    ),
    FaultKind.UNLISTED_OBJECT: Meaning(
        False, "the store has an object that no row tells of", "none: the kit sends it again"
    ),
}


class Fault(NamedTuple):
    """One fault: of which film ("" for none), at which object of the store, and what was found."""

    kind: FaultKind
    film: str
    object: str
    detail: str = ""
