"""A service whose disk is full says so; the kit keeps its film, names the reason, and finishes when there is room."""

import pytest

from tests.rigs.fast_recorder import record
from tests.rigs.footage_source import EncodedFilm
from tests.rigs.opened import KitFiles, Opener
from tests.rigs.power_cut import enlarge_memory_disk, small_memory_disk
from tests.rigs.rig_stack import RigStack, wait_until

pytestmark = pytest.mark.rig
SMALL_KIB, LARGE_KIB = 640, 16_384


def test_a_full_store_keeps_the_film_on_the_kit_until_there_is_room(stack: RigStack, encoded_film: EncodedFilm) -> None:
    def named() -> bool:
        status = stack.uplink_status()
        return status is not None and status.problem_code == "store-full"

    with small_memory_disk(stack.data, SMALL_KIB), stack.service() as service:
        stack.add_kit(service)
        film = record(stack.config, encoded_film).opening.film
        opener = Opener.of(stack)
        with stack.program("uplink", stack.uplink_command("--until-empty")) as uplink:
            wait_until(named)
            (kept,) = stack.films()
            assert opener.is_whole(film, KitFiles(kept.folder))
            assert KitFiles(kept.folder).receipt() is None
            manifest = kept.manifest()
            enlarge_memory_disk(stack.data, LARGE_KIB)
            assert uplink.wait(60) == 0
        assert stack.films() == []
        assert opener.store_has(stack.store, film, manifest)
        status = stack.uplink_status()
        assert status is not None
        assert (status.films_waiting, status.receipts, status.problem) == (0, 1, "")
        assert "507 store-full" in stack.log("service")
