"""Films as staff find them, planted without a kit: rows and objects as closing leaves them, but of any bytes."""

import uuid
from collections.abc import Sequence

from companion_api.films.case_rows import CaseRows
from companion_api.films.description_rows import Description, DescriptionRows
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmState
from companion_api.library.grant_rows import Grant, GrantRows
from companion_api.library.holder_rows import HolderRows
from companion_api.library.member_rows import MemberRows
from companion_api.library.sharing import Reason
from companion_api.stores.store import film_key_object, manifest_object, part_object, receipt_object
from tests.companion_api.builders import Service
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import NOW, sha256

LATER, EARLIER = "2026-12-20T10:00:00Z", "2026-11-01T10:00:00Z"
PART = b"a sealed part"


def plant_film(service: Service, *, kit: str, case: str | None = None) -> str:
    """Plant a closed film of one part; return its id."""
    film = str(uuid.uuid4())
    with service.archive.database.writing() as connection:
        rows = FilmRows(connection)
        rows.add_film(film, kit, NOW)
        rows.add_key(film, sha256(b"key"))
        rows.add_part(film, HeldPart(0, sha256(PART), len(PART)))
        rows.close_film(film, sha256(b"manifest"))
        rows.set_state(film, FilmState.CLOSED, NOW)
        if case is not None:
            CaseRows(connection).open(case, NOW)
            rows.set_case(film, case)
        DescriptionRows(connection).add(film, Description("interaction", NOW, 1000, len(PART)))
    for name, data in (
        (film_key_object(film), b"key"),
        (manifest_object(film), b"manifest"),
        (receipt_object(film), b"receipt"),
        (part_object(film, 0), PART),
    ):
        service.store.put(name, data)
    return film


def plant_share(
    service: Service, film: str, by: Staff, to: Staff, *, until: str = LATER, key: bytes | None = b"wrapped"
) -> None:
    """Plant a share, also one that nobody could make."""
    with service.archive.database.writing() as connection:
        GrantRows(connection).put(Grant(film, to.account, by.account, EARLIER, Reason.SUPERVISION, until, None), key)


def plant_members(service: Service, case: str, members: Sequence[Staff]) -> None:
    """Plant a case and who works on it."""
    with service.archive.database.writing() as connection:
        CaseRows(connection).open(case, NOW)
        for member in members:
            MemberRows(connection).add(case, member.account)


def hand(service: Service, kit: str, staff: Staff | None, at: str = EARLIER) -> None:
    """Plant who holds a kit from a time on."""
    with service.archive.database.writing() as connection:
        HolderRows(connection).hand(kit, None if staff is None else staff.account, at)
