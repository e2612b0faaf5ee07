"""All kits of the agency as IT sees them: what the directory says, what the kit said last, and its last film."""

from typing import NamedTuple

from companion_api.films.archive import Archive
from companion_api.films.film_rows import FilmRows
from companion_api.kits.enrolment import Standing, enrolments
from companion_api.kits.heartbeat import Heartbeat
from companion_api.kits.heartbeat_rows import HeartbeatRows
from footage.directory import Directory
from footage.keys import from_jwk, thumbprint


class KitOverview(NamedTuple):
    """One kit. Times are `Timestamp`s by the service's clock; `key` is a thumbprint.

    A kit is seen when a new heartbeat of it came: no request that is replayed later than an hour counts as one.
    """

    kit: str
    standing: Standing
    key: str | None
    last_seen: str | None
    last_film: str | None  # when the kit began to send the newest of its films
    heartbeat: Heartbeat | None


def fleet(archive: Archive, directory: Directory) -> list[KitOverview]:
    """Return all kits that the directory lists or that enrol, by name. Raises `StoreFailed`."""
    known = {one.kit: (one.standing, one.key) for one in enrolments(archive, directory)}
    for entry in directory.kits:
        standing = Standing.REVOKED if entry.revoked else Standing.LISTED
        known[entry.kit] = (standing, thumbprint(from_jwk(entry.key)))
    with archive.database.reading() as connection:
        heard = {row.kit: row for row in HeartbeatRows(connection).all()}
        filmed = FilmRows(connection).last_received()
    overviews = []
    for kit, (standing, key) in sorted(known.items()):
        last = heard.get(kit)
        heartbeat = Heartbeat.model_validate_json(last.heartbeat) if last else None
        overviews.append(KitOverview(kit, standing, key, last and last.last_seen, filmed.get(kit), heartbeat))
    return overviews
