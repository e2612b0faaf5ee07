"""Which files exist is the state of a film, and nothing but a receipt or a take-back ever removes one."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from device.errors import CardFull, NothingToTakeBack, SpoolClaimed, SpoolFailed
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from footage.errors import FootageError, ReceiptForged, ReceiptMismatch
from footage.keys import new_key
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.device.kit import Kit
from tests.device.receipts import signed_receipt


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


def begun(kit: Kit, parts: int = 3) -> SpooledFilm:
    film, opening = kit.new_film()
    film.open(opening)
    for number in range(parts):
        kind = PartKind.INIT if number == 0 else PartKind.MEDIA
        sealed = b"sealed %d" % number
        film.add_part(PartName.of(number, kind, 1000 * (number > 0), sealed), sealed)
    return film


def closed(kit: Kit) -> SpooledFilm:
    film = begun(kit)
    film.close(Ended.STOPPED, kit.agency.kit_key)
    return film


def test_states_follow_the_files(kit: Kit) -> None:
    film, opening = kit.new_film()
    states = [film.state]
    for advance in (
        lambda: film.open(opening),
        lambda: film.close(Ended.STOPPED, kit.agency.kit_key),
        lambda: film.keep_receipt("receipt"),
        film.take_back,
    ):
        advance()
        states.append(film.state)
    assert states == list(FilmState)


def test_recover_closes_an_interrupted_film_from_its_files(kit: Kit) -> None:
    film = begun(kit)
    (manifest,) = kit.spool.recover(kit.agency.kit_key)
    assert manifest.ended is Ended.INTERRUPTED
    assert [(part.number, part.kind, part.duration_ms) for part in manifest.parts] == [
        (0, PartKind.INIT, 0),
        (1, PartKind.MEDIA, 1000),
        (2, PartKind.MEDIA, 1000),
    ]
    assert manifest == kit.verified(film).manifest
    assert list(kit.spool.recover(kit.agency.kit_key)) == [], "a second start has nothing to do"


def test_recover_closes_the_film_exactly_as_stopping_would(kit: Kit) -> None:
    film = begun(kit)
    from_files = film.close(Ended.STOPPED, kit.agency.kit_key)
    from_memory = film.close(Ended.STOPPED, kit.agency.kit_key, list(from_files.parts))
    assert from_files == from_memory


def test_a_lost_part_is_told(kit: Kit) -> None:
    film = begun(kit)
    (film.folder / str(film.part_names()[1])).unlink()
    (manifest,) = kit.spool.recover(kit.agency.kit_key)
    assert manifest.ended is Ended.SPOOL_DAMAGED
    assert [part.number for part in manifest.parts] == [0, 2]
    assert kit.verified(film).manifest == manifest


@pytest.mark.parametrize("left", [b"", b"seal", b"another"])
def test_a_part_that_the_power_cut_tore_is_left_out(kit: Kit, left: bytes) -> None:
    film = begun(kit)
    (film.folder / str(film.part_names()[2])).write_bytes(left)
    (manifest,) = kit.spool.recover(kit.agency.kit_key)
    assert manifest.ended is Ended.INTERRUPTED
    assert [part.number for part in manifest.parts] == [0, 1]
    assert len(film.part_names()) == 3, "nothing is removed without a receipt"


def test_a_part_that_the_card_spoilt_is_told(kit: Kit) -> None:
    film = begun(kit)
    (film.folder / str(film.part_names()[1])).write_bytes(b"another")
    (manifest,) = kit.spool.recover(kit.agency.kit_key)
    assert manifest.ended is Ended.SPOOL_DAMAGED
    assert [part.number for part in manifest.parts] == [0, 2]


def test_recover_removes_what_never_was_a_film(kit: Kit) -> None:
    kit.new_film()
    assert list(kit.spool.recover(kit.agency.kit_key)) == []
    assert kit.spool.films() == []


def test_a_film_that_can_not_be_closed_stays_and_does_not_stop_the_kit(kit: Kit) -> None:
    damaged, whole = begun(kit), begun(kit)
    (damaged.folder / "opening.json").write_bytes(b"")
    assert [manifest.opening.film for manifest in kit.spool.recover(kit.agency.kit_key)] == [whole.film]
    assert len(damaged.part_names()) == 3


def test_what_only_seems_to_be_no_film_stays_and_does_not_stop_the_kit(kit: Kit) -> None:
    empty, lost, whole = kit.new_film()[0], begun(kit), begun(kit)
    (empty.folder / "strange").touch()
    (lost.folder / "opening.json").unlink()
    assert [manifest.opening.film for manifest in kit.spool.recover(kit.agency.kit_key)] == [whole.film]
    assert empty.film_key()
    assert len(lost.part_names()) == 3


def test_erasing_leaves_the_receipt_until_it_is_forgotten(kit: Kit) -> None:
    film = closed(kit)
    film.keep_receipt(signed_receipt(film, kit.agency.receipt_key))
    film.erase(kit.agency.verified_directory())
    assert sorted(file.name for file in film.folder.iterdir()) == ["manifest.jws", "receipt.jws"]
    film.forget(FilmState.RECEIPTED)
    assert kit.spool.films() == []


def test_a_receipt_is_believed_at_the_moment_of_erasing_only(kit: Kit) -> None:
    film, other = closed(kit), closed(kit)
    directory, key, stranger = kit.agency.verified_directory(), kit.agency.receipt_key, new_key()
    for receipt, code in (
        ("rubbish", "message-malformed"),
        (signed_receipt(film, stranger), "receipt-forged"),
        (signed_receipt(film, stranger, named=key), "receipt-forged"),
        (signed_receipt(other, key), "receipt-mismatch"),
        (signed_receipt(film, key, manifest=other.manifest()), "receipt-mismatch"),
    ):
        film.keep_receipt(receipt)
        before = sorted(file.name for file in film.folder.iterdir())
        with pytest.raises(FootageError) as refused:
            film.erase(directory)
        assert refused.value.code == code
        assert sorted(file.name for file in film.folder.iterdir()) == before
    film.keep_receipt(signed_receipt(film, key))
    with pytest.raises(ReceiptForged):
        film.erase(replace(directory, receipt_keys=()))
    (film.folder / "manifest.jws").rename(film.folder / "lost")
    with pytest.raises(ReceiptMismatch, match="no manifest"):
        film.erase(directory)
    (film.folder / "lost").rename(film.folder / "manifest.jws")
    film.drop_receipt()
    assert film.state is FilmState.CLOSED
    assert film.film_key()


@pytest.mark.parametrize("left", [{"manifest.jws", "receipt.jws"}, {"receipt.jws", "opening.json"}, {"receipt.jws"}])
def test_erasing_goes_on_whatever_a_crash_left(kit: Kit, left: set[str]) -> None:
    """`left` without the manifest: by a kit of the software before this one."""
    film = closed(kit)
    film.keep_receipt(signed_receipt(film, kit.agency.receipt_key))
    for file in film.folder.iterdir():
        if file.name not in left:
            file.unlink()
    film.erase(kit.agency.verified_directory())
    film.forget(FilmState.RECEIPTED)
    assert kit.spool.films() == []


@pytest.mark.parametrize("make", [begun, closed])
def test_nothing_is_removed_without_a_reason(kit: Kit, make: Callable[[Kit], SpooledFilm]) -> None:
    film = make(kit)
    before = sorted(file.name for file in film.folder.iterdir())
    directory = kit.agency.verified_directory()
    removals: list[Callable[[], None]] = [
        lambda: film.erase(directory),
        film.destroy,
        lambda: film.forget(film.state),
    ]
    for remove in removals:
        with pytest.raises(SpoolFailed):
            remove()
    assert sorted(file.name for file in film.folder.iterdir()) == before


def test_taking_back_destroys_all_but_the_tombstone(kit: Kit) -> None:
    film = closed(kit)
    kit.spool.last_film().take_back()
    assert [file.name for file in film.folder.iterdir()] == ["taken-back"]
    assert film.state is FilmState.TAKEN_BACK


def test_taking_back_reaches_a_film_that_has_left_the_kit(kit: Kit) -> None:
    film = closed(kit)
    film.keep_receipt(signed_receipt(film, kit.agency.receipt_key))
    film.erase(kit.agency.verified_directory())
    film.forget(FilmState.RECEIPTED)
    kit.spool.last_film().take_back()
    assert [film.state for film in kit.spool.films()] == [FilmState.TAKEN_BACK]


def test_a_take_back_during_erasing_is_not_forgotten(kit: Kit) -> None:
    film = closed(kit)
    film.keep_receipt(signed_receipt(film, kit.agency.receipt_key))
    film.erase(kit.agency.verified_directory())
    film.take_back()
    film.forget(FilmState.RECEIPTED)
    assert film.state is FilmState.TAKEN_BACK, "the agency must still be told"


def test_take_back_never_means_an_earlier_film(kit: Kit) -> None:
    with pytest.raises(NothingToTakeBack):
        kit.spool.last_film()
    first, second = closed(kit), closed(kit)
    kit.spool.last_film().take_back()
    assert (first.state, second.state) == (FilmState.CLOSED, FilmState.TAKEN_BACK)
    kit.spool.last_film().take_back()
    assert first.state is FilmState.CLOSED


def test_an_interrupted_film_can_be_taken_back(kit: Kit) -> None:
    film = begun(kit)
    (kit.folder / "run" / "last-film").unlink()
    list(kit.spool.recover(kit.agency.kit_key))
    assert kit.spool.last_film().film == film.film


def test_a_full_card_is_refused_before_a_film_begins(tmp_path: Path) -> None:
    kit = Kit(tmp_path, reserve=1 << 60)
    with pytest.raises(CardFull):
        kit.new_film()
    assert kit.spool.films() == []


def test_two_recorders_do_not_share_a_spool(kit: Kit) -> None:
    assert not kit.spool.is_claimed()
    kit.spool.claim()
    assert kit.spool.is_claimed()
    other = Spool(kit.folder / "spool", reserve=0, last_film=kit.folder / "other")
    with pytest.raises(SpoolClaimed):
        other.claim()


def test_who_only_asks_keeps_no_recorder_from_its_spool(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The uplink asks every few seconds, and holds the lock for a moment."""
    asking = os.open(kit.folder / "spool", os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    assert not kit.spool.is_claimed(), "others may ask at the same time"
    monkeypatch.setattr(time, "sleep", lambda _: os.close(asking))
    kit.spool.claim()
    assert kit.spool.is_claimed()


def test_strange_files_are_no_parts(kit: Kit) -> None:
    film = begun(kit)
    (film.folder / "holiday.age").write_bytes(b"")
    assert len(film.part_names()) == 3
