"""The agency's time for the kit's clock: real service, real uplink's hand, real `kit-device clock`; see `kit_clock`."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device.agency import Agency
from device.clock_setting import Verdict
from device.link_trouble import LinkTrouble
from device.tls import tls_context
from device.uplink.time_asking import AGAIN_SECONDS, PATIENCE_SECONDS, TimeAsking
from footage.keys import key_from_pem, new_key, thumbprint
from footage.manifest import ClockStatus
from footage.messages import timestamp
from footage.signed_time import SignedTime, new_nonce, sign_time
from tests.scenarios.kit_clock import SYNCHRONISED, KitClock, needs_strace
from tests.scenarios.site import Site
from tests.scenarios.stack import KIT, Stack

pytestmark = needs_strace
YEAR = 365 * 86_400


@pytest.fixture
def site(running: tuple[Stack, str]) -> Iterator[Site]:
    stack, address = running
    site = Site(stack, address, stack.config if (stack.agency.folder / "kits" / KIT).exists() else None)
    yield site
    site.agency.close()


@pytest.fixture
def kit_clock(site: Site, tmp_path: Path) -> KitClock:
    return KitClock(site.stack.agency.folder / "kits" / KIT / "kit.toml", tmp_path / "strace.log")


Answer = Callable[[str], str]


@pytest.fixture
def signed(site: Site) -> Callable[[float], Answer]:
    """What the agency would answer if its clock were so many seconds from ours."""
    key = key_from_pem((site.stack.agency.folder / "receipt.key.pem").read_bytes())

    def answer(ahead: float) -> Answer:
        at, signer = int(time.time() + ahead), thumbprint(key.public_key())
        return lambda nonce: sign_time(SignedTime(1, KIT, nonce, at, signer), key)

    return answer


def asking(
    site: Site, socket: Path, *, known: ClockStatus = ClockStatus.UNSYNCHRONISED
) -> tuple[TimeAsking, list[float]]:
    """The uplink's hand, with a clock of its own that tests move."""
    now = [0.0]
    key = site.config.kit_key()
    timeless = tls_context(None, check_time=False)
    open_agency = lambda: Agency(site.config.service, site.config.kit, key, timeless)  # noqa: E731
    return TimeAsking(open_agency, lambda: known, socket, lambda: now[0]), now


def test_a_clock_that_nobody_has_set_gets_the_agencys_word(site: Site, kit_clock: KitClock, tmp_path: Path) -> None:
    socket = tmp_path / "clock"
    with kit_clock.listening(socket):
        asked, now = asking(site, socket)
        assert asked.look() is None, "a time service comes first"
        now[0] += PATIENCE_SECONDS
        assert asked.look() == Verdict.RIGHT, "kit and service are on one machine here"
        assert asked.look() is None, "once is enough for now"
        now[0] += AGAIN_SECONDS
        assert asked.look() == Verdict.RIGHT, "as long as the kernel says that nobody has set it"
    kit_clock.read_log()
    assert kit_clock.set_to == []
    assert 0 < kit_clock.vouched[0] < 3


def test_nobody_is_asked_for_a_clock_that_is_set(site: Site, kit_clock: KitClock, tmp_path: Path) -> None:
    socket = tmp_path / "clock"
    with kit_clock.listening(socket):
        asked, now = asking(site, socket, known=ClockStatus.SYNCHRONISED)
        now[0] += PATIENCE_SECONDS
        assert asked.look() is None


def test_without_kit_clock_nothing_is_asked(site: Site, tmp_path: Path) -> None:
    asked, now = asking(site, tmp_path / "nobody")
    now[0] += PATIENCE_SECONDS
    assert asked.look() is None


def test_a_service_that_is_away_is_named_and_kit_clock_not_started(
    site: Site, kit_clock: KitClock, tmp_path: Path
) -> None:
    socket, key = tmp_path / "clock", site.config.kit_key()
    now = [0.0]
    away = TimeAsking(
        lambda: Agency("http://127.0.0.1:9", site.config.kit, key),
        lambda: ClockStatus.UNSYNCHRONISED,
        socket,
        lambda: now[0],
    )
    with kit_clock.listening(socket):
        now[0] += PATIENCE_SECONDS
        assert away.look() == LinkTrouble.SERVICE_DOWN
    assert not kit_clock.log.exists()


def test_the_clock_goes_forward(kit_clock: KitClock, signed: Callable[[float], Answer]) -> None:
    assert kit_clock.ask(signed(YEAR)) == Verdict.SET
    assert len(kit_clock.set_to) == len(kit_clock.vouched) == 1
    assert abs(kit_clock.set_to[0] - time.time() - YEAR) < 3
    assert 0.5 <= kit_clock.vouched[0] < 3


def test_it_goes_back_but_not_while_filming(site: Site, kit_clock: KitClock, signed: Callable[[float], Answer]) -> None:
    site.publish(issued_at=timestamp(datetime.now(UTC) - timedelta(days=1)))
    site.uplink.sync_all()
    back = -3600.0
    site.spool.claim()
    film = site.film(close=False)
    assert kit_clock.ask(signed(back)) == Verdict.FILMING
    assert kit_clock.set_to == kit_clock.vouched == []
    assert kit_clock.ask(signed(YEAR)) == Verdict.SET, "forward is no harm"
    list(site.spool.recover(site.config.kit_key()))
    assert film.manifest()
    assert kit_clock.ask(signed(back)) == Verdict.SET
    assert abs(kit_clock.set_to[0] - time.time() - back) < 3


def test_it_is_never_set_before_the_directory(kit_clock: KitClock, signed: Callable[[float], Answer]) -> None:
    assert kit_clock.ask(signed(-10 * YEAR)) == Verdict.TOO_EARLY
    assert kit_clock.set_to == kit_clock.vouched == []


def test_a_time_service_that_comes_first_wins(kit_clock: KitClock, signed: Callable[[float], Answer]) -> None:
    kit_clock.kernel_says = SYNCHRONISED
    assert kit_clock.ask(signed(YEAR)) == Verdict.KNOWN
    assert kit_clock.set_to == kit_clock.vouched == []


def test_whoever_breaks_into_the_uplink_can_not_set_the_clock(
    kit_clock: KitClock, signed: Callable[[float], Answer]
) -> None:
    own = new_key()
    signer = thumbprint(own.public_key())
    forged = {
        "time-forged": lambda nonce: sign_time(SignedTime(1, KIT, nonce, int(time.time() + YEAR), signer), own),
        "time-mismatch": lambda _nonce: signed(YEAR)(new_nonce()),
        "message-malformed": lambda nonce: nonce,
    }
    for code, answer in forged.items():
        assert kit_clock.ask(answer) == code
        assert kit_clock.set_to == kit_clock.vouched == []
