"""Whether the time to go is true: what a kit said each second on links as homes have them, beside what came."""

import random
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from device.film_starter import FilmStarter
from device.spool import Spool
from device.status import UPLINK_FILE, UplinkStatus, read_status
from device.uplink.rate import LEAST_SECONDS, LULL_SECONDS
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.rigs.bad_link import AGENCY_ADDRESS, BadLink, bad_link
from tests.rigs.rig_stack import RigStack, wait_until
from tests.rigs.wire import Shape

pytestmark = pytest.mark.rig
PORT = 8080
_MOST_SECONDS = 240.0
# of the time that is left: a link that loses packets is not the same from one minute to the next
SHARE_WRONG, SECONDS_WRONG = 0.35, 6.0


class Said(NamedTuple):
    """What the uplink said, and when; seconds of a steady clock."""

    at: float
    status: UplinkStatus


class KitOnLink:
    """A kit with films of random bytes, whose uplink runs over a link."""

    def __init__(self, folder: Path, link: BadLink) -> None:
        self._stack = RigStack(folder)
        self._stack.prefixes = {"service": link.at_agency(), "uplink": link.at_kit()}
        self._stack.add_kit(f"http://{AGENCY_ADDRESS}:{PORT}")
        self.said: list[Said] = []

    def film(self, parts: int, size: int) -> int:
        """Make a film; return its bytes that go to the agency."""
        config = self._stack.config
        spool = Spool(config.spool, reserve=0, last_film=config.status / "last-film")
        starter = FilmStarter(config, spool)
        film, opening = starter.begin()
        starter.close()
        film.open(opening)
        entries = []
        for number in range(parts):
            sealed = random.Random(number).randbytes(size)
            name = PartName.of(number, PartKind.MEDIA if number else PartKind.INIT, 1000, sealed)
            entries.append(film.add_part(name, sealed))
        film.close(Ended.STOPPED, config.kit_key(), entries)
        return sum(file.stat().st_size for file in film.folder.iterdir() if file.name != "opening.json")

    def start(self, running: ExitStack) -> None:
        """Run the service and the uplink."""
        command = [*self._stack.service_command(PORT), "--host", AGENCY_ADDRESS]
        service = running.enter_context(self._stack.program("service", command, stdout=subprocess.PIPE))
        assert service.stdout is not None
        assert b"listening on " in service.stdout.readline()
        running.enter_context(self._stack.program("uplink", self._stack.uplink_command()))

    def listen(self) -> bool:
        """Take down what the uplink says; return whether all films are gone."""
        status = read_status(self._stack.config.status / UPLINK_FILE, UplinkStatus)
        if status is not None and (not self.said or self.said[-1].status != status):
            self.said.append(Said(time.monotonic(), status))
        return status is not None and status.receipts > 0 and not status.films_waiting

    @property
    def last(self) -> UplinkStatus:
        """What it said last."""
        return self.said[-1].status


@pytest.mark.parametrize(
    "shape",
    [Shape(64e3, delay=0.2, queue_seconds=4), Shape(500e3, delay=0.1, loss=0.01), Shape(4e6, delay=0.05, loss=0.01)],
    ids=["64 kbit/s", "500 kbit/s that loses", "4 Mbit/s that loses"],
)
def test_the_time_that_is_told_is_the_time_that_it_takes(tmp_path: Path, shape: Shape) -> None:
    size = int(shape.bits_per_second / 8 * 45)
    with bad_link(shape) as link, ExitStack() as running:
        kit = KitOnLink(tmp_path, link)
        in_all = kit.film(10, size // 20) + kit.film(10, size // 20)
        kit.start(running)
        wait_until(kit.listen, _MOST_SECONDS)
    end, last = kit.said[-1]
    assert (last.bytes_there, last.bytes_to_go, last.seconds_to_go) == (in_all, 0, 0)
    begun = next(at for at, status in kit.said if status.bytes_to_go)
    told = [(status.seconds_to_go, end - at) for at, status in kit.said if status.bytes_to_go]
    known = [(seconds, left) for seconds, left in told if seconds is not None]
    print(f"{shape.bits_per_second / 1e3:.0f} kbit/s: {end - begun:.0f} s, told against left: {known[::4]}")
    assert len(known) > 20, "it was told most of the time"
    assert known[0][1] <= end - begun - LEAST_SECONDS + 1
    wrong = [(seconds, left) for seconds, left in known if abs(seconds - left) > SHARE_WRONG * left + SECONDS_WRONG]
    assert len(wrong) < len(known) / 5, wrong  # of a slow link the first seconds know only how it begins
    there = [status.bytes_there for _, status in kit.said]
    assert there == sorted(there)
    assert max(status.bytes_per_second or 0 for _, status in kit.said) < 1.1 * shape.bits_per_second / 8


def test_a_link_that_stands_still_is_said_to(tmp_path: Path) -> None:
    shape = Shape(500e3, delay=0.05)
    with bad_link(shape) as link, ExitStack() as running:
        kit = KitOnLink(tmp_path, link)
        kit.film(10, 500_000)
        kit.start(running)
        wait_until(lambda: kit.listen() or kit.last.seconds_to_go is not None if kit.said else kit.listen())
        assert kit.last.moving
        link.shape(Shape(500e3, down=True))
        wait_until(lambda: kit.listen() or not kit.last.moving, LULL_SECONDS + 10)
        wait_until(lambda: kit.listen() or kit.last.bytes_per_second == 0, 90)
        assert kit.last.seconds_to_go is None
        link.shape(shape)
        wait_until(lambda: kit.listen() or kit.last.moving, 60)
