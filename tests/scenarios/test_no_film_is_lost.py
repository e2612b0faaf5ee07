"""Nothing but a valid receipt or a take-back deletes a film, whatever lies on its card: a kit at work is watched.

Python's own audit events tell of every file that is removed, renamed, cut or opened to be written, also by a line that
nobody thought of. `tests/device/test_only_these_delete.py` is the other half of the proof.
"""

import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from device import clock
from device.agency import Agency
from device.config import KitConfig
from device.errors import AgencyUnreachable
from device.spool import Spool
from device.spooled_film import SpooledFilm
from device.uplink.refusals import AGAIN_SECONDS
from device.uplink.uplink import Uplink
from footage.age import HybridIdentity
from footage.directory import Directory, sign_directory
from footage.errors import FootageError
from footage.film_key import film_sealer, seal_film_key
from footage.keys import key_from_pem, new_key
from footage.manifest import ClockStatus, Ended, FilmKind, FilmOpening
from footage.messages import timestamp
from footage.parts import PartKind, PartName
from footage.receipt import read_receipt
from tests.device.receipts import signed_receipt
from tests.footage.builders import NOW, sha256
from tests.scenarios.stack import KIT, PASSPHRASE, Stack

NOWHERE = "http://127.0.0.1:9"


class Found(NamedTuple):
    """What lies on the card of a film."""

    state: str
    receipt: str
    tombstone: bool
    strange: str | None
    torn: bool


found = st.builds(
    Found,
    state=st.sampled_from(["empty", "open", "closed", "closed", "closed"]),
    receipt=st.sampled_from(["none", "none", "rubbish", "cut", "foreign", "posing", "other", "manifest", "true"]),
    tombstone=st.sampled_from([False, False, False, True]),
    strange=st.sampled_from([None, None, ".new-0123", "holiday.txt", "00099.media.1000.age"]),
    torn=st.booleans(),
)


class World(NamedTuple):
    """How it is around the kit. `listing`: what the kit's directory says of the receipt key."""

    known_time: ClockStatus
    listing: str
    link: bool
    turns: list[str]


world = st.builds(
    World,
    known_time=st.sampled_from(ClockStatus),
    listing=st.sampled_from(["valid", "valid", "expired", "revoked"]),
    link=st.booleans(),
    turns=st.lists(st.sampled_from(["recover", "sync"]), min_size=2, max_size=4),
)


@dataclass
class Site:
    """An agency with its service, and a kit with a new card for each example."""

    stack: Stack
    folder: Path
    receipt_key: EllipticCurvePrivateKey
    listings: dict[str, str]
    cards: int = 0

    def card(self, listing: str) -> KitConfig:
        self.cards += 1
        card = self.folder / f"card-{self.cards}"
        config = replace(self.stack.config, spool=card / "spool", status=card, accepted=card / "accepted.jws")
        card.mkdir()
        config.accepted.write_text(self.listings[listing])
        return config

    def lay(self, config: KitConfig, spool: Spool, what: Found) -> SpooledFilm:
        """Lay a film onto the card."""
        film = SpooledFilm(config.spool / "films" / str(uuid.uuid4()))
        identity = HybridIdentity.generate()
        recipients = [entry.recipient for entry in config.accepted_directory().recipients]
        key = seal_film_key(film.film, identity, film_sealer(recipients))
        film.begin(key)
        if what.state != "empty":
            opening = FilmOpening(
                format=1,
                film=film.film,
                kit=KIT,
                kind=FilmKind.INTERACTION,
                directory_version=1,
                recipient=identity.recipient.text,
                recipients=(),
                film_key=sha256(key),
                started_at=NOW,
                clock=ClockStatus.UNSYNCHRONISED,
            )
            film.open(opening)
            for number in range(3):
                sealed = os.urandom(100)
                film.add_part(PartName.of(number, PartKind.MEDIA if number else PartKind.INIT, 1000, sealed), sealed)
        if what.state == "closed":
            film.close(Ended.STOPPED, config.kit_key())
        if what.torn and what.state != "empty":
            (film.folder / str(film.part_names()[-1])).write_bytes(b"torn")
        if what.strange:
            (film.folder / what.strange).write_bytes(b"strange")
        if what.receipt != "none" and what.state == "closed":
            film.keep_receipt(self.receipt(film, what.receipt))
        if what.tombstone:
            (film.folder / "taken-back").touch()
        return film

    def receipt(self, film: SpooledFilm, kind: str) -> str:
        """Return what lies under a receipt's name."""
        key, stranger = self.receipt_key, new_key()
        true = signed_receipt(film, key)
        return {
            "rubbish": "rubbish",
            "cut": true[:-40],
            "foreign": signed_receipt(film, stranger),
            "posing": signed_receipt(film, stranger, named=key),
            "other": signed_receipt(SpooledFilm(_renamed(film)), key, manifest=film.manifest()),
            "manifest": signed_receipt(film, key, manifest="another"),
            "true": true,
        }[kind]


def _renamed(film: SpooledFilm) -> Path:
    return film.folder.with_name(str(uuid.uuid4()))


@dataclass
class Watch:
    """Judges every event by what lies on the card at that moment."""

    config: KitConfig
    known_time: ClockStatus
    may_go: set[str] = field(default_factory=set)  # films of which there was a reason
    wrong: list[str] = field(default_factory=list)

    def told(self, event: str, args: tuple[object, ...]) -> None:
        for path in args[: 2 if event == "os.rename" else 1]:
            films = self.config.spool / "films"
            if isinstance(path, (str, Path)) and films in (file := Path(path)).parents and file.parent != films:
                self._judge(event, file, args)

    def _judge(self, event: str, file: Path, args: tuple[object, ...]) -> None:
        folder, name = file.parent, file.name
        if not file.exists() or name.startswith(".new-") or self._has_reason(folder):
            return
        there = {one.name for one in folder.iterdir() if not one.name.startswith(".new-")}
        if event == "open" and not int(str(args[2])) & (os.O_TRUNC | os.O_WRONLY | os.O_RDWR | os.O_APPEND):
            return
        if name == "receipt.jws" or there == {"film.key"}:
            return  # a false receipt, or a film that never began
        self.wrong.append(f"{event} {name} of {sorted(there)}")

    def _has_reason(self, folder: Path) -> bool:
        if folder.name not in self.may_go and ((folder / "taken-back").exists() or self._is_receipted(folder)):
            self.may_go.add(folder.name)
        return folder.name in self.may_go

    def _is_receipted(self, folder: Path) -> bool:
        directory = self.config.accepted_directory()
        expired = directory.valid_until is not None and directory.valid_until < clock.now()
        if expired and self.known_time is ClockStatus.SYNCHRONISED:
            return False
        try:
            receipt, manifest = ((folder / f"{name}.jws").read_text() for name in ("receipt", "manifest"))
            read_receipt(receipt, directory, film=folder.name, manifest=manifest)
        except (OSError, FootageError):
            return False
        return True


_EVENTS = {"os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.rmtree", "open"}
_watching: list[Watch] = []
_thread = threading.local()  # a judge's own events are not judged


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event in _EVENTS and _watching and not getattr(_thread, "judges", False):
        _thread.judges = True
        try:
            _watching[-1].told(event, args)
        finally:
            _thread.judges = False


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    """Hooks stay until the process ends."""
    sys.addaudithook(_hook)


@pytest.fixture(scope="module")
def site(running: tuple[Stack, str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    stack, address = running
    stack.add_kit(address)
    folder = stack.agency.folder
    root = key_from_pem((folder / "root.key.pem").read_bytes(), PASSPHRASE)
    now = stack.agency.directory()
    yesterday = timestamp(datetime.now(UTC) - timedelta(days=1))
    newer: dict[str, Directory] = {
        "valid": now,
        "expired": replace(now, version=now.version + 1, valid_until=yesterday),
        "revoked": replace(now, version=now.version + 1, receipt_keys=()),
    }
    listings = {name: sign_directory(directory, root) for name, directory in newer.items()}
    receipt_key = key_from_pem((folder / "receipt.key.pem").read_bytes())
    return Site(stack, tmp_path_factory.mktemp("cards"), receipt_key, listings)


@contextmanager
def at_work(config: KitConfig, spool: Spool, world: World) -> Iterator[Callable[[], None]]:
    """A real uplink; what is yielded lets it do all that it can do now."""
    agency = Agency(config.service if world.link else NOWHERE, config.kit, config.kit_key())
    now = [0.0]
    uplink = Uplink(config, spool, agency, lambda _status: None, clock=lambda: now[0])

    def work() -> None:
        now[0] += AGAIN_SECONDS
        with suppress(AgencyUnreachable):
            uplink.sync_all()

    try:
        yield work
    finally:
        agency.close()


def contents(folder: Path) -> dict[str, bytes]:
    files = folder.iterdir() if folder.exists() else ()
    return {file.name: file.read_bytes() for file in files if not file.name.startswith(".new-")}


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller example is not worth minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(films=st.lists(found, min_size=1, max_size=3), world=world)
def test_whatever_lies_on_the_card(site: Site, films: list[Found], world: World) -> None:
    config = site.card(world.listing)
    spool = Spool(config.spool, reserve=0, last_film=config.status / "last-film")
    laid = [site.lay(config, spool, what) for what in films]
    before = {film.film: contents(film.folder) for film in laid}
    watch = Watch(config, world.known_time)
    with pytest.MonkeyPatch.context() as patch, at_work(config, spool, world) as uplink:
        patch.setattr(clock, "clock_status", lambda: world.known_time)
        _watching.append(watch)
        try:
            for turn in world.turns:
                if turn == "recover":
                    list(spool.recover(config.kit_key()))
                else:
                    uplink()
        finally:
            _watching.clear()
    assert watch.wrong == [], (films, world)
    for film in laid:
        if film.film not in watch.may_go and before[film.film].keys() != {"film.key"}:
            there, was = contents(film.folder), before[film.film]
            was.pop("receipt.jws", None)
            assert {name: there.get(name) for name in was} == was
