"""Reading films: only by whom the table lets, each access in the audit trail, one part in memory at a time."""

from collections.abc import Container
from dataclasses import dataclass

from sqlalchemy import Connection

from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import TRANSITIONS, FilmEvent, FilmState
from companion_api.library.access_notes import read_noted
from companion_api.library.film_access import FilmAccess, FilmSeen
from companion_api.library.grant_rows import GrantRows
from companion_api.problems import FILM_HELD, KEY_NOT_SHARED, PART_UNKNOWN, RECEIPT_NOT_YET, Problem, Refusal
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import Verb, needed
from companion_api.stores.store import StoreFailed, film_key_object, manifest_object, part_object, receipt_object

PAGE = 100  # films in a list


@dataclass(frozen=True, slots=True)
class PartRead:
    """A part's SHA-256 in hex, and its bytes, unless the reader has them."""

    sha256: str
    sealed: bytes | None


def film_of(connection: Connection, archive: Archive, asker: Asker, film: str) -> FilmSeen:
    """Return a film with which its asker may do what they ask. Raises `Denied`."""
    seen = FilmAccess(connection, asker.person.account, archive.timestamp()).film(film)
    asker.check(seen and seen.ties, f"film:{film}")
    assert seen is not None
    return seen


def whole_film_of(connection: Connection, archive: Archive, asker: Asker, film: str) -> FilmSeen:
    """Return such a film that is closed and still here. Raises `Denied` and `Refusal`."""
    seen = film_of(connection, archive, asker, film)
    if check_here(seen) is FilmState.OPEN:
        raise Refusal(RECEIPT_NOT_YET, "Its kit is still sending it. Look again later.")
    return seen


def check_here(seen: FilmSeen) -> FilmState:
    """Return the state of a film that is here and stays. Raises `Refusal`."""
    outcome = TRANSITIONS[seen.state, FilmEvent.READ]
    if isinstance(outcome, Problem):
        raise Refusal(outcome, "Nothing of it is kept.")
    if seen.to_be_erased:
        raise Refusal(FILM_HELD, "It is to be erased, and until then nobody is shown it.")
    return outcome


def films_seen(archive: Archive, asker: Asker, case: str | None, before: str | None) -> list[FilmSeen]:
    """Return at most `PAGE` films that their asker may see, those that came last first. Raises `StoreFailed`."""
    person = asker.person
    ties = needed(person.roles, asker.resource, Verb.SEE)

    def look(connection: Connection) -> list[FilmSeen]:
        access = FilmAccess(connection, person.account, archive.timestamp())
        return access.films(ties, case=case, before=before, limit=PAGE)

    subject = f"account:{person.account}" if case is None else f"case:{case}"
    return read_noted(archive, person, "films listed", subject, look)


def film_seen(archive: Archive, asker: Asker, film: str) -> FilmSeen:
    """Return one film. Raises `Denied`, `StoreFull`, `StoreFailed`."""
    return read_noted(
        archive, asker.person, "film seen", f"film:{film}", lambda connection: film_of(connection, archive, asker, film)
    )


def manifest_read(archive: Archive, asker: Asker, film: str) -> bytes:
    """Return a film's manifest (JWS). Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    return _object_read(archive, asker, film, "manifest read", manifest_object(film))


def receipt_read(archive: Archive, asker: Asker, film: str) -> bytes:
    """Return a film's receipt (JWS). Raises as `manifest_read`."""
    return _object_read(archive, asker, film, "receipt read", receipt_object(film))


def key_read(archive: Archive, asker: Asker, film: str) -> bytes:
    """Return `film.key`, sealed as it came. Raises as `manifest_read`."""
    return _object_read(archive, asker, film, "key read", film_key_object(film))


def shared_key_read(archive: Archive, asker: Asker, film: str) -> bytes:
    """Return the film's key that was wrapped for its asker. Raises as `manifest_read`."""

    def look(connection: Connection) -> bytes:
        whole_film_of(connection, archive, asker, film)
        wrapped = GrantRows(connection).wrapped_key(film, asker.person.account, archive.timestamp())
        if wrapped is None:
            raise Refusal(KEY_NOT_SHARED, "Use film.key, or ask whoever shared the film to share it again with a key.")
        return wrapped

    return read_noted(archive, asker.person, "shared key read", f"film:{film}", look)


def part_read(archive: Archive, asker: Asker, film: str, number: int, known: Container[str]) -> PartRead:
    """Return a part; without its bytes if its SHA-256 is `known`. Raises as `manifest_read`."""

    def look(connection: Connection) -> str:
        whole_film_of(connection, archive, asker, film)
        sha256 = FilmRows(connection).part_sha256(film, number)
        if sha256 is None:
            raise Refusal(
                PART_UNKNOWN,
                "Take the numbers from the film's manifest. If it lists this one, the part was damaged: tell IT.",
            )
        return sha256

    sha256 = read_noted(archive, asker.person, "parts read", f"film:{film}", look, first=number)
    return PartRead(sha256, None if sha256 in known else _held(archive, asker, film, part_object(film, number)))


def _object_read(archive: Archive, asker: Asker, film: str, action: str, name: str) -> bytes:
    def look(connection: Connection) -> None:
        whole_film_of(connection, archive, asker, film)

    read_noted(archive, asker.person, action, f"film:{film}", look)
    return _held(archive, asker, film, name)


def _held(archive: Archive, asker: Asker, film: str, name: str) -> bytes:
    held = archive.store.get(name)
    if held is None:
        with archive.database.reading() as connection:
            whole_film_of(connection, archive, asker, film)  # it may have gone since it was asked for
        raise StoreFailed("The store has lost an object of a film that is here. Restore the store from a backup.")
    return held
