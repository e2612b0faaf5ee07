"""Other bytes for what is held: the first stay, and that the others were refused is not lost.

A kit never makes two different objects of one name, so somebody has to look: its card is damaged, or its key is in two
hands. Nothing here knows which bytes are the right ones, and those that were refused are on the kit only. So a fault
stands, which a scrub, `/metrics` and the trail tell of, until the film is gone or its kit has erased its copy.

A kit repeats its requests for ever. A fault stands once for each object, and the trail gets its entry with it: nobody
can make either longer than what was stored.
"""

import logging

from sqlalchemy import Connection

from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import Fault, FaultKind
from companion_api.films.film_rows import FilmRows

_log = logging.getLogger(__name__)


def report_refused(archive: Archive, kit: str, film: str, object_name: str, sha256: str) -> None:
    """Enter durably that a kit offered other bytes (SHA-256 in hex) for an object. Raises `StoreFull`, `StoreFailed`.

    Only the first offer for an object is told of, and none of a film that its kit said to have erased.
    """
    fault = Fault(FaultKind.BYTES_REFUSED, film, object_name, f"offered and refused: SHA-256 {sha256}")

    def enter(connection: Connection) -> bool:
        row = FilmRows(connection).film(film)
        if row is None or not row.state.may_be_on_kit or not FaultRows(connection).add(fault, archive.timestamp()):
            return False
        detail = {"object": object_name, "sha256": sha256}
        append(connection, archive.timestamp(), f"kit:{kit}", "other bytes refused", f"film:{film}", **detail)
        return True

    if archive.database.change(enter):
        _log.warning("kit %s sent other bytes for %s: they are refused, and on the kit only", kit, object_name)


def still_refused(archive: Archive, film: str) -> list[Fault]:
    """Return what stands of a film that its kit may still have. Raises `StoreFailed`."""
    with archive.database.reading() as connection:
        row = FilmRows(connection).film(film)
        if row is None or not row.state.may_be_on_kit:
            return []
        standing = FaultRows(connection).standing(film)
        return [each.fault for each in standing if each.fault.kind is FaultKind.BYTES_REFUSED]
