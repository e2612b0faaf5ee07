"""Replaying erasures: what was erased does not come back with a backup.

A certificate is kept in a journal apart from the store, and in the store. Whatever of the three (journal, store,
database) is restored from an older backup, the others tell what has to go again. At every start, and after a restore.
"""

import logging
import re
from collections.abc import Iterable
from typing import NamedTuple

from companion_api.audit.trail import append
from companion_api.films.erasure import Eraser, attempted, tombstone
from companion_api.films.erasure_rows import ErasureRows, Held
from companion_api.films.film_rows import FilmRows
from companion_api.stores.store import ERASURES
from footage.erasure import Erasure, read_erasure
from footage.errors import FootageError

_NAME = re.compile(r"(?:.*/)?([0-9a-f-]{36})\.jws")

_log = logging.getLogger(__name__)


class Replayed(NamedTuple):
    """What a replay did: films that were erased anew, certificates copied between journal and store, and troubles.

    `unproven`: certificates that prove nothing, by film, and why; their films were not touched. `failed`: films that
    could not be erased now, and why.
    """

    films: list[str]
    copied: list[str]
    unproven: dict[str, str]
    failed: dict[str, str]


def replay(eraser: Eraser, *, thorough: bool = False) -> Replayed:
    """Erase again every film that has a certificate and is not known to be erased. May be repeated.

    Reads only certificates of films that the database does not know to be erased; with `thorough`, as after a
    restore, all: then nothing of any of these films is left in the store. Raises `StoreFull`, `StoreFailed`.
    """
    in_journal = _films(eraser.journal.list(""))
    in_store = _films(eraser.archive.store.list(ERASURES))
    with eraser.archive.database.reading() as connection:
        done = ErasureRows(connection).done()
    todo = in_journal | in_store if thorough else (in_journal | in_store) - done | in_journal ^ in_store
    result = Replayed([], [], {}, {})

    def again(film: str) -> None:
        token = eraser.certificate(film)
        if token is None:
            return  # nothing of it is here any more
        try:
            erasure = read_erasure(token, eraser.directory.published.directory, film=film)
        except FootageError as reason:
            _log.error("the erasure certificate of film %s proves nothing: %s", film, reason)
            result.unproven[film] = str(reason)
            return
        if not (film in in_journal and film in in_store):
            eraser.keep(film, token)
            result.copied.append(film)
        if _bury(eraser, erasure):
            result.films.append(film)
        eraser.finish(film)

    result.failed.update(attempted(dict.fromkeys(sorted(todo), again)))
    if result.copied:
        _log.warning(
            "%d erasure certificates were only in %s or %s, and are in both now. Is the journal's disk mounted?",
            *(len(result.copied), "the journal", "the store"),
        )
    if result.films:
        _log.warning("%d films had come back and are erased again", len(result.films))
    return result


def _bury(eraser: Eraser, erasure: Erasure) -> bool:
    """Put a film's tombstone back from its certificate; return whether it was missing."""
    destroyed = erasure.destroyed
    held = Held(
        destroyed.film_key,
        destroyed.manifest,
        destroyed.parts,
        destroyed.bytes,
        erasure.filmed_at,
        erasure.duration_ms,
    )
    with eraser.deciding() as connection:
        films, erasures = FilmRows(connection), ErasureRows(connection)
        films.add_film(erasure.film, erasure.kit, erasure.decided_at)
        row = films.film_to_change(erasure.film)
        assert row is not None
        if row.state.gone:
            return False
        erasures.decide(erasure.film, erasure.reason, erasure.decided_by, erasure.decided_at)
        erasures.begin(erasure.film, erasure.decided_at, held)
        films.set_state(erasure.film, tombstone(erasure.reason), erasure.decided_at)
        append(connection, eraser.archive.timestamp(), "service", "erasure replayed", f"film:{erasure.film}")
    return True


def _films(names: Iterable[str]) -> set[str]:
    return {match[1] for name in names if (match := _NAME.fullmatch(name))}
