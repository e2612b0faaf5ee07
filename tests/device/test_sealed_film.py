"""Packets become sealed parts that open to the same film."""

import io
from pathlib import Path

import av
import pytest

from device.errors import CardFull
from device.film_writer import FilmWriter
from device.ports import EncodedPacket, Track
from device.spooled_film import FilmState
from footage.manifest import Ended
from footage.notes import NoteEvent, decode_note
from footage.parts import MEDIA_STEP, PartKind
from tests.device.kit import SECONDS, Kit, packets


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


def test_a_film_opens_to_what_was_filmed(kit: Kit) -> None:
    film = kit.sealed_film()
    film.note(NoteEvent.CONSENT_GIVEN)
    for packet in packets():
        film.add(packet)
    film.note(NoteEvent.MOMENT)
    film.finish()
    manifest = film.close(Ended.STOPPED, kit.agency.kit_key)
    assert manifest is not None
    opened = list(kit.verified(film.spooled).opened_parts([kit.agency.recovery]))
    movie = b"".join(plaintext for entry, plaintext in opened if entry.kind is not PartKind.NOTE)
    with av.open(io.BytesIO(movie), "r") as container:
        pictures = sum(1 for _ in container.decode(video=0))
    assert pictures == sum(1 for packet in packets() if packet.track is Track.PICTURE)
    notes = [decode_note(plaintext) for entry, plaintext in opened if entry.kind is PartKind.NOTE]
    assert [note.event for note in notes] == [NoteEvent.CONSENT_GIVEN, NoteEvent.MOMENT]
    assert notes[0].at_ms == 0
    assert abs(notes[1].at_ms - SECONDS * 1000) < 200
    assert manifest.parts[0].kind is PartKind.INIT, "also when a note came before it"
    media = [plaintext for entry, plaintext in opened if entry.kind is PartKind.MEDIA]
    assert all(len(plaintext) % MEDIA_STEP == 0 for plaintext in media)


def test_nothing_filmed_leaves_nothing(kit: Kit) -> None:
    film = kit.sealed_film()
    film.note(NoteEvent.CONSENT_GIVEN)
    film.finish()
    assert film.close(Ended.STOPPED, kit.agency.kit_key) is None
    assert kit.spool.films() == []


def test_the_parts_so_far_are_durable_while_filming(kit: Kit) -> None:
    film = kit.sealed_film()
    for packet in packets():
        film.add(packet)
    assert film.spooled.state is FilmState.OPEN
    assert len(film.spooled.part_names()) == len(film.parts) >= SECONDS


class TestWriter:
    """The thread around a film: whatever goes wrong ends the film under its name."""

    def test_a_film_through_the_thread(self, kit: Kit) -> None:
        failures: list[Ended] = []
        writer = FilmWriter(kit.sealed_film(), failures.append)
        for packet in packets():
            writer.deliver(packet)
        manifest = writer.close(Ended.STOPPED, kit.agency.kit_key)
        assert manifest is not None
        assert manifest.duration_ms >= SECONDS * 1000
        assert failures == []

    @pytest.mark.parametrize(
        ("error", "ended"),
        [
            (OSError(28, "No space left on device"), Ended.CARD_FULL),
            (OSError(5, "Input/output error"), Ended.CARD_FAILED),
            (RuntimeError("a bug"), Ended.RECORDER_FAILED),
        ],
    )
    def test_a_failing_card_keeps_what_is_durable(
        self, kit: Kit, monkeypatch: pytest.MonkeyPatch, error: Exception, ended: Ended
    ) -> None:
        failures: list[Ended] = []
        film = kit.sealed_film()
        writing = film.spooled.add_part

        def add_part(*args: object) -> object:
            if len(film.parts) == 3:
                raise error
            return writing(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(film.spooled, "add_part", add_part)
        writer = FilmWriter(film, failures.append)
        for packet in packets():
            writer.deliver(packet)
        manifest = writer.close(ended, kit.agency.kit_key)
        assert failures == [ended], "said once"
        assert manifest is not None
        assert len(manifest.parts) == 3
        assert kit.verified(film.spooled).manifest.ended is ended

    def test_the_last_room_is_used_for_an_orderly_end(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        failures: list[Ended] = []
        film = kit.sealed_film()

        def require_room() -> None:
            if len(film.parts) >= 3:
                raise CardFull("full")

        monkeypatch.setattr(kit.spool, "require_room", require_room)
        writer = FilmWriter(film, failures.append)
        for packet in packets():
            writer.deliver(packet)
        manifest = writer.close(Ended.CARD_FULL, kit.agency.kit_key)
        assert failures == [Ended.CARD_FULL]
        assert manifest is not None
        assert len(manifest.parts) == 4, "the running part is kept too"

    def test_a_card_that_is_too_slow_ends_the_film(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("device.film_writer.MAX_BACKLOG", 1000)
        failures: list[Ended] = []
        writer = FilmWriter(kit.sealed_film(), failures.append)
        for _ in range(3):
            for packet in packets():
                writer.deliver(EncodedPacket(packet.track, packet.data, packet.at_us, packet.key_frame))
        writer.close(Ended.CARD_FAILED, kit.agency.kit_key)
        assert failures == [Ended.CARD_FAILED]
