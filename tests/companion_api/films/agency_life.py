"""What tests of retention and erasure do to a service besides sending films: cases, filing, looking at what is left."""

from companion_api.audit.trail import entries
from companion_api.films.case_rows import CaseRows
from companion_api.films.film_rows import Film, FilmRows
from companion_api.films.film_states import FilmState
from companion_api.kits.closing import close_film
from companion_api.kits.intake import take_key, take_part
from companion_api.kits.upload import Upload
from footage.erasure import Erasure, read_erasure
from footage.http_signatures import content_digest
from tests.companion_api.builders import Service
from tests.footage.builders import Film as SealedFilm
from tests.footage.builders import make_film

CASE = "A-17"
LEAD = "staff:00000000-0000-4000-8000-000000000001"
OFFICER = "staff:00000000-0000-4000-8000-000000000002"


def filed(service: Service, *, case: str | None = CASE) -> SealedFilm:
    """A whole film of a case, with the service; sent without HTTP, which takes most of a test's time."""
    film = make_film(service.agency)
    archive, kit = service.archive, service.agency.kit
    assert film.sealed_key is not None
    assert film.token is not None
    take_key(archive, kit, film.film, _upload(film.sealed_key))
    for number, sealed in film.parts.items():
        take_part(archive, kit, film.film, number, _upload(sealed))
    directory = service.directory.published.directory
    close_film(archive, service.agency.receipt_key, directory, kit, film.film, _upload(film.token.encode()))
    if case is not None:
        file_in(service, film.film, case)
    return film


def _upload(body: bytes) -> Upload:
    return Upload.verified(body, content_digest(body))


def file_in(service: Service, film: str, case: str = CASE) -> None:
    with service.archive.database.writing() as connection:
        CaseRows(connection).open(case, service.archive.timestamp())
        FilmRows(connection).set_case(film, case)


def end_work(service: Service, case: str = CASE, *, ended: bool = True) -> None:
    with service.archive.database.writing() as connection:
        CaseRows(connection).set_end(case, service.archive.timestamp() if ended else None)


def row(service: Service, film: str) -> Film:
    with service.archive.database.reading() as connection:
        found = FilmRows(connection).film(film)
    assert found is not None
    return found


def is_whole(service: Service, film: SealedFilm) -> bool:
    """Whether every object of a closed film is there."""
    names = {name.removeprefix(f"films/{film.film}/") for name in service.store.list(f"films/{film.film}")}
    return names == {"film.key", "manifest.jws", "receipt.jws", *(f"parts/{number:05d}" for number in film.parts)}


def certificate(service: Service, film: str) -> Erasure:
    """The certificate, which must be the same in journal and store."""
    token = service.journal.get(f"{film}.jws")
    assert token is not None
    assert token == service.store.get(f"erasures/{film}.jws")
    return read_erasure(token.decode(), service.directory.published.directory, film=film)


def check_erased(service: Service, film: str, state: FilmState = FilmState.ERASED) -> Erasure:
    """Nothing of the film is left but its tombstone and its certificate, which is returned."""
    assert not list(service.store.list(f"films/{film}"))
    found = row(service, film)
    assert (found.state, found.key_sha256, found.manifest_sha256) == (state, None, None)
    with service.archive.database.reading() as connection:
        assert FilmRows(connection).parts(film) == []
    return certificate(service, film)


def told(service: Service, subject: str) -> list[tuple[str, str]]:
    """What the audit trail tells of a subject: actors and actions."""
    with service.archive.database.reading() as connection:
        return [(entry.actor, entry.action) for entry in entries(connection) if entry.subject == subject]
