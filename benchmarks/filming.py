"""Our path from packets to the card: a real `SealedFilm` in a real spool."""

import hashlib
import uuid
from itertools import islice
from pathlib import Path

from benchmarks.source_film import PICTURE, SOUND, packets
from device import clock
from device.sealed_film import SealedFilm
from device.spool import Spool
from footage.age import HybridIdentity
from footage.film_key import FilmKey, film_sealer, seal_film_key
from footage.keys import new_key
from footage.manifest import Ended, FilmKind, FilmOpening, recipient_fingerprint

KIT_KEY = new_key()
_RESERVE = 8 << 20
_WARM_UP_PACKETS = 300


def begin_film(folder: Path) -> SealedFilm:
    """Begin a film in a spool."""
    spool = Spool(folder, reserve=_RESERVE, last_film=folder / "last-film")
    film, identity = str(uuid.uuid4()), HybridIdentity.generate()
    agency = HybridIdentity.generate().recipient.text
    key = FilmKey(identity.recipient, seal_film_key(film, identity, film_sealer([agency])))
    opening = FilmOpening(
        format=1,
        film=film,
        kit="kit-1",
        kind=FilmKind.INTERACTION,
        directory_version=1,
        recipient=key.recipient.text,
        recipients=(recipient_fingerprint(agency),),
        film_key=hashlib.sha256(key.sealed).hexdigest(),
        started_at=clock.now(),
        clock=clock.clock_status(),
    )
    return SealedFilm(spool, spool.new_film(film, key), opening, PICTURE, SOUND)


def warm_up(source: Path, folder: Path) -> None:
    """Film a few seconds. A recorder runs for days; what its first film costs once is not what filming costs."""
    film = begin_film(folder)
    for packet in islice(packets(source), _WARM_UP_PACKETS):
        film.add(packet)
    end_film(film)


def end_film(film: SealedFilm) -> None:
    """Close the film with its manifest."""
    film.finish()
    film.close(Ended.STOPPED, KIT_KEY)
