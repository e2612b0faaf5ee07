"""Which directory a kit goes by: the newest that it has, and never an older one than it came with."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from device.config import KitConfig, read_config
from device.errors import ConfigInvalid
from device.policy import PolicyWatch
from footage.directory import Policy
from tests.footage.builders import Agency


class Kit:
    """A kit's settings, and the two files a directory can be in."""

    def __init__(self, folder: Path) -> None:
        self.agency = Agency()
        self.config = KitConfig(
            kit=self.agency.kit,
            service="http://127.0.0.1:1",
            agency_root=self.agency.root_thumbprint,
            directory=folder / "directory.jws",
            accepted=folder / "accepted.jws",
        )
        self.write(self.config.directory, version=5)

    def write(self, file: Path, *, version: int) -> None:
        file.write_text(self.agency.signed_directory(self.agency.directory(version=version)))

    def version(self) -> int:
        return self.config.accepted_directory().version


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


def test_a_new_kit_goes_by_the_one_it_came_with(kit: Kit) -> None:
    assert kit.version() == 5


@pytest.mark.parametrize(("accepted", "used"), [(4, 5), (5, 5), (6, 6)])
def test_the_newer_one_counts(kit: Kit, accepted: int, used: int) -> None:
    kit.write(kit.config.accepted, version=accepted)
    assert kit.version() == used


def test_another_policy_is_noticed_when_the_uplink_accepted_it(kit: Kit) -> None:
    watch = PolicyWatch(kit.config)
    assert not watch.changed()
    silent = replace(kit.agency.directory(version=6), policy=Policy(sound=False))
    kit.config.accepted.write_text(kit.agency.signed_directory(silent))
    assert watch.changed()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff"])
def test_a_spoilt_accepted_one_counts_as_none(kit: Kit, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    kit.config.accepted.write_bytes(content)
    assert kit.version() == 5
    assert "accepted.jws" in caplog.text


def test_one_of_another_root_is_not_used(kit: Kit) -> None:
    other = Agency()
    kit.config.accepted.write_text(other.signed_directory(other.directory(version=9)))
    assert kit.version() == 5


def test_without_the_one_it_came_with_nothing_is_trusted(kit: Kit) -> None:
    kit.write(kit.config.accepted, version=6)
    kit.config.directory.unlink()
    with pytest.raises(ConfigInvalid, match=r"directory\.jws"):
        kit.version()


def test_nothing_that_a_kit_writes_lies_beside_its_settings(tmp_path: Path) -> None:
    """Else the uplink, which the network can reach, could change the root that is pinned in them."""
    file = tmp_path / "kit.toml"
    file.write_text(f'kit = "kit-0001"\nservice = "https://films.example"\nagency_root = "{"A" * 43}"\n')
    config = read_config(file)
    assert not any(path.is_relative_to(tmp_path) for path in (config.accepted, config.spool, config.status))
