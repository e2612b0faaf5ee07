"""What is damaged here and may still be on its kit: the kit is asked for it again, without a new request.

A scrub sets the damaged object aside and removes its row. The have-list then lacks it, the manifest is answered with
what is missing, and a closed film takes a piece if it is the very one that its manifest lists. So a kit that has no
receipt yet mends the film by what it does anyway.
"""

import hashlib
import logging
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import Film, FilmRows
from companion_api.films.film_states import FilmState
from companion_api.stores.store import StoreFailed, film_key_object, manifest_object, part_object, set_aside_object
from footage import jws
from footage.errors import FootageError
from footage.manifest import Manifest
from footage.messages import decode

_ASKED = {FaultKind.PART_MISSING, FaultKind.PART_DAMAGED, FaultKind.KEY_MISSING, FaultKind.KEY_DAMAGED}

_log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """What a film's manifest lists and is not held: numbers of parts, and whether `film.key`."""

    parts: list[int]
    key: bool

    def __bool__(self) -> bool:
        return bool(self.parts) or self.key


def wanted_parts(archive: Archive, film: str) -> Wanted:
    """Return what a closed film lacks; nothing for one that is open, gone, or whole. Raises `StoreFailed`."""
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row, held = rows.film(film), {part.number for part in rows.parts(film)}
    manifest = None if row is None else closing_manifest(archive, row)
    if row is None or manifest is None:
        return Wanted([], False)
    return Wanted([part.number for part in manifest.parts if part.number not in held], row.key_sha256 is None)


def is_listed(archive: Archive, row: Film, object_name: str, sha256: str) -> bool:
    """Return whether the film's manifest lists this object with these bytes. Raises `StoreFailed`."""
    manifest = closing_manifest(archive, row)
    return manifest is not None and listed_objects(manifest).get(object_name) == sha256


def closing_manifest(archive: Archive, row: Film) -> Manifest | None:
    """Return the manifest that a film was closed by: it was verified then, and is known by its hash."""
    if row.manifest_sha256 is None:
        return None
    token = archive.store.get(manifest_object(row.film)) or b""
    if hashlib.sha256(token).hexdigest() != row.manifest_sha256:
        return None
    try:
        return decode(Manifest, jws.unverified_payload(jws.MessageType.MANIFEST, token.decode("ascii", "replace")))
    except FootageError:
        return None


def listed_objects(manifest: Manifest) -> dict[str, str]:
    """Return the SHA-256 of each object that a manifest lists."""
    film = manifest.opening.film
    parts = {part_object(film, part.number): part.sha256 for part in manifest.parts}
    return {film_key_object(film): manifest.opening.film_key} | parts


def ask_again(archive: Archive, film: str, faults: Iterable[Fault]) -> list[str]:
    """Ask for what is missing or damaged, if the kit may still have it; return these objects' names.

    First the object is set aside, then its row goes: a crash in between is found by the next scrub. Raises `StoreFull`
    and `StoreFailed`.
    """
    asked = [fault.object for fault in faults if fault.kind in _ASKED]
    with archive.database.reading() as connection:
        row = FilmRows(connection).film(film)
    if not asked or row is None or not row.state.may_be_on_kit:
        return []
    if row.state is FilmState.CLOSED and closing_manifest(archive, row) is None:
        return []  # nothing would tell whether what comes is the right one
    asked = [name for name in asked if set_aside(archive, film, name)]
    with archive.database.writing() as connection:
        row = FilmRows(connection).film_to_change(film)
        if row is not None and row.state.may_be_on_kit:
            for name in asked:
                _remove_row(connection, archive.timestamp(), row, name)
    if row is None or row.state.gone:  # erased meanwhile: what was set aside must not outlive it
        archive.destroy(film)
        return []
    return asked


def set_aside(archive: Archive, film: str, name: str) -> bool:
    """Move an object out of the way, and keep it as evidence; return False if it can't be read."""
    try:
        data = archive.store.get(name)
    except StoreFailed:
        return False
    if data is not None:
        archive.store.put(set_aside_object(film, name, hashlib.sha256(data).hexdigest()), data)
        archive.store.delete([name])
    return True


def note_sent_again(connection: Connection, at: str, kit: str, film: str, object_name: str) -> None:
    """Enter that a kit has mended what was missing."""
    FaultRows(connection).forget(object_name)
    append(connection, at, f"kit:{kit}", "sent again", f"film:{film}", object=object_name)


def _remove_row(connection: Connection, at: str, row: Film, name: str) -> None:
    rows = FilmRows(connection)
    if name == film_key_object(row.film):
        removed = row.key_sha256 is not None
        rows.remove_key(row.film)
    else:
        removed = rows.remove_part(row.film, int(name.rpartition("/")[2]))
    if removed:
        append(connection, at, "service", "asked again", f"film:{row.film}", object=name)
        _log.warning("%s is missing or damaged; its kit is asked for it again", name)
