"""What NetworkManager's properties mean. `tests/rigs/test_network_manager.py` asks the real one."""

import pytest

from device.uplink.link import UNKNOWN, Link, Way
from device.uplink.network_manager import NetworkManager, link_of

HERE = "/org/freedesktop/NetworkManager/ActiveConnection/1"


@pytest.mark.parametrize(
    ("kind", "metered", "link"),
    [
        ("802-3-ethernet", 4, Link(Way.CABLE, False, HERE)),
        ("802-11-wireless", 4, Link(Way.WIFI, False, HERE)),
        ("802-11-wireless", 1, Link(Way.WIFI, True, HERE)),
        ("802-11-wireless", 3, Link(Way.WIFI, True, HERE)),
        ("802-11-wireless", 2, Link(Way.WIFI, False, HERE)),
        ("802-11-wireless", 0, Link(Way.WIFI, False, HERE)),
        ("gsm", 3, Link(Way.OTHER, True, HERE)),
        ("wireguard", 4, Link(Way.OTHER, False, HERE)),
    ],
)
def test_links(kind: str, metered: int, link: Link) -> None:
    assert link_of({"PrimaryConnection": HERE, "PrimaryConnectionType": kind, "Metered": metered}) == link


def test_no_link() -> None:
    assert link_of({"PrimaryConnection": "/", "PrimaryConnectionType": "", "Metered": 0}) == Link(Way.NONE)


def test_without_a_bus_nothing_is_known_and_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    links = NetworkManager()
    links.watch()
    assert links() == UNKNOWN
