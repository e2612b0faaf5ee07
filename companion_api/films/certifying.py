"""What an erasure certificate says: found out before a film goes, written down when it is gone."""

import hashlib
from contextlib import suppress
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sqlalchemy import Connection

from companion_api.films.erasure_rows import ErasureRow, Held
from companion_api.films.film_rows import Film, FilmRows
from companion_api.stores.store import Store, StoreFailed, StoreFull, manifest_object
from footage import jws
from footage.erasure import Destroyed, Erasure
from footage.errors import MessageMalformed
from footage.keys import thumbprint
from footage.manifest import ClockStatus, Manifest
from footage.messages import decode


class Places(NamedTuple):
    """Where films are kept: the kinds of store and database, and until when (RFC 3339) backups may have copies."""

    store: str
    database: str
    backups_until: str


def held_of(store: Store, connection: Connection, film: Film) -> Held:
    """Return what is held of a film that is about to go. Raises `StoreFailed` for the database only."""
    parts, size = FilmRows(connection).held(film.film)
    held = Held(film.key_sha256 is not None, film.manifest_sha256, parts, size)
    with suppress(StoreFull, StoreFailed, MessageMalformed):  # the film goes all the same, and its date is not told
        token = store.get(manifest_object(film.film))
        if token is not None and hashlib.sha256(token).hexdigest() == film.manifest_sha256:  # verified when it came
            text = token.decode("ascii", "replace")
            manifest = decode(Manifest, jws.unverified_payload(jws.MessageType.MANIFEST, text))
            clock_was_set = manifest.opening.clock is ClockStatus.SYNCHRONISED
            filmed_at = manifest.opening.started_at if clock_was_set else None
            return held._replace(filmed_at=filmed_at, duration_ms=manifest.duration_ms)
    return held


def certified(row: ErasureRow, film: Film, erased_at: str, places: Places, key: EllipticCurvePublicKey) -> Erasure:
    """Return the certificate, to be signed by the receipt key whose public key is `key`."""
    held = row.held
    return Erasure(
        format=1,
        film=film.film,
        kit=film.kit,
        case=film.case,
        filmed_at=held.filmed_at,
        duration_ms=held.duration_ms,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        erased_at=erased_at,
        destroyed=Destroyed(held.film_key, held.manifest_sha256, held.parts, held.bytes),
        store=places.store,
        database=places.database,
        backups_until=places.backups_until,
        receipt_key=thumbprint(key),
    )
