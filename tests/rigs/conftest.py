"""What all rigs share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.fast_recorder import record
from tests.rigs.footage_source import EncodedFilm, read_encoded_film, write_encoded_film
from tests.rigs.power_cut import mounted_disk
from tests.rigs.rig_stack import NO_SERVICE, RigStack
from tests.rigs.store_rig import StoreRig
from tests.rigs.warm import warm_process

FILM_SECONDS = 11
SHORT_FILM_SECONDS = 3


@pytest.fixture(scope="session", autouse=True)
def _as_root() -> None:
    if os.geteuid() != 0:
        pytest.fail("Rigs mount disks and trace programs. Run them as root: sudo make rigs")


@pytest.fixture(scope="session")
def encoded_film_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoded") / "film.msgpack"
    write_encoded_film(path, FILM_SECONDS)
    return path


@pytest.fixture(scope="session")
def encoded_film(encoded_film_file: Path) -> EncodedFilm:
    return read_encoded_film(encoded_film_file)


@pytest.fixture
def stack(tmp_path: Path) -> RigStack:
    return RigStack(tmp_path / "stack")


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with warm_process(tmp_path_factory.mktemp("warm") / "socket") as words:
        yield words


@pytest.fixture(scope="session")
def rig(encoded_film: EncodedFilm, warm: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreRig]:
    folder = tmp_path_factory.mktemp("store-rig")
    stack = RigStack(folder / "stack")
    stack.add_kit(NO_SERVICE)
    for _ in range(4):
        record(stack.config, encoded_film.first(SHORT_FILM_SECONDS))
    with mounted_disk(folder / "store.img", stack.data) as disk:
        yield StoreRig(stack, disk, stack.films(), warm)
