"""Films of random bytes on a kit, with parts of any sizes: uplink and service do not look into them."""

import random
import time
from collections.abc import Iterable

from device.config import KitConfig
from device.film_starter import FilmStarter
from device.spool import Spool
from footage.manifest import Ended
from footage.parts import PartKind, PartName


class RandomFilms:
    """Films of one kit. `hashes` has the SHA-256 of each part, by film."""

    def __init__(self, config: KitConfig, seed: int) -> None:
        self._config = config
        self._spool = Spool(config.spool, reserve=0, last_film=config.status / "last-film")
        self._starter = FilmStarter(config, self._spool)
        self._chance = random.Random(seed)
        self.hashes: dict[str, list[str]] = {}

    def close(self) -> None:
        """Wait for what made the films' identities."""
        self._starter.close()

    def film(self, sizes: Iterable[int], *, pause: float = 0.0) -> None:
        """Film parts of these sizes in bytes, with so many seconds between them, and close the film."""
        spooled, opening = self._starter.begin()
        spooled.open(opening)
        parts = []
        for number, size in enumerate(sizes):
            sealed = self._chance.randbytes(size)
            name = PartName.of(number, PartKind.MEDIA if number else PartKind.INIT, 1000, sealed)
            parts.append(spooled.add_part(name, sealed))
            time.sleep(pause)
        self.hashes[spooled.film] = [part.sha256 for part in parts]
        spooled.close(Ended.STOPPED, self._config.kit_key(), parts)
