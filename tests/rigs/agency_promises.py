"""What a service has promised to those who sent films, compared with what its store, database and audit trail hold."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from companion_api.audit.heads import HeadRefused
from companion_api.audit.trail import entries
from companion_api.audit.verification import TrailBroken, verify_trail
from companion_api.films.archive import Archive
from companion_api.films.erasure import journal_object
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmState
from companion_api.stores.store import (
    DIRECTORY,
    Store,
    erasure_object,
    film_key_object,
    manifest_object,
    part_object,
    receipt_object,
)
from footage.directory import Directory
from footage.erasure import read_erasure
from footage.errors import FootageError
from footage.receipt import manifest_digest, read_receipt
from tests.rigs.ledger import ERASED, KEY, MANIFEST, TAKE_BACK, Ledger, SentFilm

_Name = TypeVar("_Name")
_THREADS = 8
_Named = tuple[str, str, str]  # an entry's actor, action and subject


def broken_promises(ledger: Ledger, archive: Archive, journal: Store, directory: Directory) -> list[str]:
    """Return in words what is not as promised: nothing is what we want.

    All that was asked for must be acknowledged by now. Then store, database and trail must hold just that: what was
    acknowledged is there whole, what was erased is gone and certified, and there is nothing that nobody asked for.
    """
    return [
        *_unsettled(ledger.films),
        *_wrong_receipts(ledger.films, directory),
        *_wrong_trail(ledger, archive, directory),
        *_wrong_rows(ledger.films, archive),
        *_wrong_objects(ledger.films, archive.store),
        *_wrong_certificates(ledger.films, archive.store, journal, directory),
    ]


def _unsettled(films: list[SentFilm]) -> Iterator[str]:
    for film in films:
        wanted = {*film.pieces, MANIFEST, ERASED} | film.asked
        if lacking := wanted - film.acknowledged:
            yield f"of film {film.film} were never acknowledged: {sorted(lacking)}"


def _wrong_receipts(films: list[SentFilm], directory: Directory) -> Iterator[str]:
    for film in films:
        try:
            receipt = read_receipt(film.receipt, directory, film=film.film, manifest=film.manifest)
        except FootageError as reason:
            yield f"the receipt of film {film.film} proves nothing: {reason}"
        else:
            if receipt.parts != len(film.pieces) - 1:
                yield f"the receipt of film {film.film} is for {receipt.parts} parts"


def _wrong_trail(ledger: Ledger, archive: Archive, directory: Directory) -> Iterator[str]:
    try:
        verify_trail(archive, directory)
    except (TrailBroken, HeadRefused) as reason:
        yield f"the audit trail is not whole: {reason}"
    with archive.database.reading() as connection:
        trail = list(entries(connection))
    expected = sum(map(_entries_of, ledger.films), ledger.other_entries.copy())
    yield from _compared("audit entry", expected, Counter((e.actor, e.action, e.subject) for e in trail))
    manifests = {f"film:{film.film}": manifest_digest(film.manifest) for film in ledger.films}
    for entry in trail:
        if entry.action == "receipt issued" and entry.detail["manifest"] != manifests.get(entry.subject):
            yield f"{entry.subject} was closed by another manifest, its audit entry says"


def _entries_of(film: SentFilm) -> Counter[_Named]:
    """Return the entries that a film must have, each once."""
    subject = f"film:{film.film}"
    named = [(f"kit:{film.kit}", "receipt issued", subject), (f"kit:{film.kit}", "erased on kit", subject)]
    if film.is_gone:
        named += [(film.decided_by, "erasure decided", subject), ("service", "erased", subject)]
    return Counter(named)


def _wrong_rows(films: list[SentFilm], archive: Archive) -> Iterator[str]:
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        yield from _compared("film's row", _counted(film.film for film in films), _counted(rows.page("", 1_000_000)))
        for film in films:
            row, parts = rows.film(film.film), rows.parts(film.film)
            if row is None:
                continue  # told above
            held = (row.kit, row.state, row.key_sha256, row.manifest_sha256, parts)
            if held != (promised := _row_of(film)):
                yield f"film {film.film} has the rows {held}, not {promised}"


def _row_of(film: SentFilm) -> tuple[str, FilmState, str | None, str | None, list[HeldPart]]:
    if film.is_gone:
        state = FilmState.TAKEN_BACK if TAKE_BACK in film.acknowledged else FilmState.ERASED
        return film.kit, state, None, None, []
    parts = [HeldPart(number, film.pieces[name], film.sizes[name]) for number, name in enumerate(_parts(film))]
    return film.kit, FilmState.ERASED_ON_KIT, film.pieces[KEY], manifest_digest(film.manifest), parts


def _wrong_objects(films: list[SentFilm], store: Store) -> Iterator[str]:
    expected = {name: digest for film in films if not film.is_gone for name, digest in _objects_of(film).items()}
    names = [*expected, DIRECTORY, *(erasure_object(film.film) for film in films if film.is_gone)]
    found = list(store.list(""))
    yield from _compared("object", _counted(names), _counted(found))
    with ThreadPoolExecutor(_THREADS) as threads:
        there = sorted(expected.keys() & set(found))
        digests = threads.map(lambda name: hashlib.sha256(store.get(name) or b"").hexdigest(), there)
        yield from (
            f"object {name} has other bytes than were acknowledged"
            for name, digest in zip(there, digests, strict=True)
            if digest != expected[name]
        )


def _objects_of(film: SentFilm) -> dict[str, str]:
    """Return the objects of a film that is kept, with their SHA-256."""
    parts = {part_object(film.film, number): film.pieces[name] for number, name in enumerate(_parts(film))}
    return parts | {
        film_key_object(film.film): film.pieces[KEY],
        manifest_object(film.film): manifest_digest(film.manifest),
        receipt_object(film.film): hashlib.sha256(film.receipt.encode("ascii")).hexdigest(),
    }


def _wrong_certificates(films: list[SentFilm], store: Store, journal: Store, directory: Directory) -> Iterator[str]:
    gone = [film for film in films if film.is_gone]
    expected = _counted(journal_object(film.film) for film in gone)
    yield from _compared("certificate in the journal", expected, _counted(journal.list("")))
    for film in gone:
        token = journal.get(journal_object(film.film)) or b""
        if store.get(erasure_object(film.film)) != token:
            yield f"store and journal have other certificates of film {film.film}"
        try:
            erasure = read_erasure(token.decode("ascii"), directory, film=film.film)
        except FootageError as reason:
            yield f"the certificate of film {film.film} proves nothing: {reason}"
            continue
        destroyed = erasure.destroyed
        told = (erasure.decided_by, destroyed.film_key, destroyed.manifest, destroyed.parts)
        if told != (film.decided_by, True, manifest_digest(film.manifest), len(film.pieces) - 1):
            yield f"the certificate of film {film.film} tells {told}"


def _parts(film: SentFilm) -> list[str]:
    return [name for name in film.pieces if name != KEY]


def _counted(names: Iterable[str]) -> Counter[str]:
    return Counter(names)


def _compared(what: str, expected: Counter[_Name], found: Counter[_Name]) -> Iterator[str]:
    for lost in (expected - found).elements():
        yield f"{what} lost: {lost}"
    for invented in (found - expected).elements():
        yield f"{what} that nobody asked for: {invented}"
