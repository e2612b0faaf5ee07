"""Mending from a backup what is missing or damaged: only by bytes that manifest, row or signature vouch for."""

import hashlib
import logging

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.damage import closing_manifest, listed_objects, set_aside
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import Film, FilmRows, HeldPart
from companion_api.stores.store import Store, film_key_object, manifest_object, part_object
from footage.directory import Directory
from footage.errors import FootageError
from footage.receipt import read_receipt

_MANIFESTS = (FaultKind.MANIFEST_MISSING, FaultKind.MANIFEST_DAMAGED)
_RECEIPTS = (FaultKind.RECEIPT_MISSING, FaultKind.RECEIPT_FORGED)
_PIECES = (FaultKind.PART_MISSING, FaultKind.PART_DAMAGED, FaultKind.KEY_MISSING, FaultKind.KEY_DAMAGED)

_log = logging.getLogger(__name__)


def mend(archive: Archive, backup: Store, directory: Directory) -> dict[str, list[str]]:
    """Mend what can be, of all faults that stand; return the objects, by film. Scrub these films then.

    Raises `StoreFull`, `StoreFailed`.
    """
    with archive.database.reading() as connection:
        films = FaultRows(connection).films()
    mended = {film: _mend_film(archive, backup, directory, film) for film in films}
    return {film: objects for film, objects in mended.items() if objects}


def _mend_film(archive: Archive, backup: Store, directory: Directory, film: str) -> list[str]:
    """Manifest first: it vouches for the pieces, and for the receipt."""
    with archive.database.reading() as connection:
        faults = [each.fault for each in FaultRows(connection).standing(film)]
    mended = []
    for kinds in (_MANIFESTS, _RECEIPTS, _PIECES):
        for fault in faults:
            if fault.kind in kinds and _mend(archive, backup, directory, fault):
                mended.append(fault.object)
    return mended


def _mend(archive: Archive, backup: Store, directory: Directory, fault: Fault) -> bool:
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row, parts = rows.film(fault.film), rows.parts(fault.film)
    data = backup.get(fault.object)
    if row is None or row.state.gone or data is None or not _is_true(archive, directory, row, parts, fault, data):
        return False
    if not set_aside(archive, row.film, fault.object):
        archive.store.delete([fault.object])  # it can't be read, so there is nothing to keep
    archive.store.put(fault.object, data)
    with archive.database.writing() as connection:
        now = FilmRows(connection).film_to_add_to(row.film)
        is_gone = now is None or now.state.gone
        if not is_gone:
            _enter_row(FilmRows(connection), row.film, fault.object, data)
            append(connection, archive.timestamp(), "operator", "mended", f"film:{row.film}", object=fault.object)
    if is_gone:  # erased meanwhile: what was mended must not outlive it
        archive.destroy(row.film)
        return False
    _log.info("%s is mended from a backup", fault.object)
    return True


def _is_true(
    archive: Archive, directory: Directory, row: Film, parts: list[HeldPart], fault: Fault, data: bytes
) -> bool:
    sha256 = hashlib.sha256(data).hexdigest()
    if fault.kind in _MANIFESTS:
        return sha256 == row.manifest_sha256
    if fault.kind in _RECEIPTS:
        return _is_receipt(archive, directory, row, data)
    manifest = closing_manifest(archive, row)
    if manifest is not None:
        return listed_objects(manifest).get(fault.object) == sha256
    by_rows = {part_object(row.film, part.number): part.sha256 for part in parts}
    return (by_rows | {film_key_object(row.film): row.key_sha256}).get(fault.object) == sha256


def _is_receipt(archive: Archive, directory: Directory, row: Film, data: bytes) -> bool:
    manifest = (archive.store.get(manifest_object(row.film)) or b"").decode("ascii", "replace")
    try:
        read_receipt(data.decode("ascii", "replace"), directory, film=row.film, manifest=manifest)
    except (FootageError, UnicodeEncodeError):
        return False
    return True


def _enter_row(rows: FilmRows, film: str, name: str, data: bytes) -> None:
    """Enter again what was removed when the kit was asked for it."""
    sha256 = hashlib.sha256(data).hexdigest()
    if name == film_key_object(film):
        rows.add_key(film, sha256)
    elif name.startswith(part_object(film, 0).rpartition("/")[0]):
        rows.add_part(film, HeldPart(int(name.rpartition("/")[2]), sha256, len(data)))
