"""A kit at one end of a bad link, and our whole service at the other: the real programs, each in its own process.

The link is two network namespaces (`tests/rigs/bad_link.py`); both programs and the peers' run in them.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from math import ceil
from pathlib import Path
from typing import NamedTuple

from benchmarks.errors import UplinkFailed
from benchmarks.servers import HERE, Place
from benchmarks.source_film import PICTURE, SECONDS, SOUND, packets
from device.film_starter import FilmStarter
from device.sealed_film import SealedFilm
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from device.status import UPLINK_FILE
from footage.manifest import Ended
from tests.rigs.bad_link import AGENCY_ADDRESS, BadLink, bad_link
from tests.rigs.rig_stack import RigStack
from tests.rigs.wire import Shape

_LOOK_SECONDS = 0.005
_MOST_SECONDS = 600.0


class Sent(NamedTuple):
    """A film that has its receipt: how many bytes it is on the kit, and seconds from when it was there."""

    size: int
    seconds: float


class KitOnLink(RigStack):
    """`link` is None where everything is on loopback."""

    def __init__(self, folder: Path, source: Path, link: BadLink | None) -> None:
        super().__init__(folder)
        self._source = source
        self._link = link
        if link is not None:
            self.prefixes |= {"service": link.at_agency(), "uplink": link.at_kit()}

    @property
    def agency_end(self) -> Place:
        """Where the service runs, and a peer's server may run too."""
        return HERE if self._link is None else Place(AGENCY_ADDRESS, self._link.at_agency)

    def service_command(self, port: int) -> list[str]:
        """As `Stack.service_command`, at the agency's end of the link."""
        return [*super().service_command(port), "--host", self.agency_end.host]

    @property
    def spool(self) -> Spool:
        """The spool that the uplink looks into."""
        return self._spool(self.config.spool)

    def film(self, seconds: int) -> SpooledFilm:
        """Make a closed film of 4 Mbit/s, where the uplink does not see it."""
        film = self.begin_film(self._spool(self.config.spool.with_name("beside")))
        source = packets(self._source, showings=ceil(seconds / SECONDS))
        for packet in takewhile(lambda packet: packet.at_us < seconds * 1_000_000, source):
            film.add(packet)
        film.finish()
        film.close(Ended.STOPPED, self.config.kit_key())
        return film.spooled

    def begin_film(self, spool: Spool) -> SealedFilm:
        """Begin a film as the recorder does."""
        starter = FilmStarter(self.config, spool)
        spooled, opening = starter.begin()
        starter.close()
        return SealedFilm(spool, spooled, opening, PICTURE, SOUND)

    @contextmanager
    def uplink(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run an uplink that has spoken to the service, and has nothing to send."""
        status = self.config.status / UPLINK_FILE
        status.unlink(missing_ok=True)
        with self.program("uplink", self.uplink_command()) as process:
            self._wait_until(process, status.exists)
            yield process

    def hand_over(self, film: SpooledFilm) -> SpooledFilm:
        """Put a film into the spool at once; return it there."""
        return SpooledFilm(film.folder.rename(self.config.spool / "films" / film.film))

    def send(self, process: "subprocess.Popen[bytes]", film: SpooledFilm) -> Sent:
        """Put a film into the spool of a running uplink, and wait for its receipt. Raises `UplinkFailed`."""
        size = bytes_of(film)
        began = time.monotonic()
        film = self.hand_over(film)
        self.wait_for_receipt(process, film)
        seconds = time.monotonic() - began
        self._wait_until(process, lambda: not film.folder.exists())  # erased, and told
        return Sent(size, seconds)

    def wait_for_receipt(self, process: "subprocess.Popen[bytes]", film: SpooledFilm) -> None:
        """Wait until a film has its receipt. Raises `UplinkFailed`."""
        self._wait_until(process, lambda: film.state in (FilmState.RECEIPTED, FilmState.EMPTY))

    def _wait_until(self, process: "subprocess.Popen[bytes]", held: Callable[[], bool]) -> None:
        until = time.monotonic() + _MOST_SECONDS
        while not held():
            if process.poll() is not None or time.monotonic() > until:
                raise UplinkFailed(f"The uplink did not bring its film to the agency: {self.log('uplink')[-500:]}")
            time.sleep(_LOOK_SECONDS)

    def _spool(self, folder: Path) -> Spool:
        return Spool(folder, reserve=0, last_film=folder.with_name("last-film"))


@contextmanager
def kit_on_link(folder: Path, source: Path) -> Iterator[tuple[KitOnLink, BadLink]]:
    """Make a link that is not bad yet, with an agency's service at one end, and the kit."""
    with bad_link(Shape(1e9)) as link:
        kit = KitOnLink(folder, source, link)
        with kit.service() as address:
            kit.add_kit(address)
            yield kit, link


def bytes_of(film: SpooledFilm) -> int:
    """Return how many bytes of a film go up: its key, parts and manifest."""
    return sum(len(film.part(name) or b"") for name in film.part_names()) + len(film.film_key()) + len(film.manifest())
