"""What `kit networks` writes, and what the kit sees of its link, with the real NetworkManager."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device.status import UPLINK_FILE, UplinkStatus, read_status
from device.uplink.link import Link, Way
from device.uplink.metered import Held, meter_file
from device.uplink.network_manager import NetworkManager
from provisioning.network_profiles import write_profiles
from provisioning.networks import Networks, Wifi
from tests.provisioning.certificates import certificate
from tests.rigs.network_manager import DOCK, TELEPHONE, RealNetworkManager, network_manager
from tests.scenarios.site import Site
from tests.scenarios.stack import Stack

pytestmark = pytest.mark.rig

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
PASSPHRASES = [PRINTABLE[begin : begin + 48] for begin in (0, 47)] + [" both ends ", "\\s\\n\\\\ \\", "12345678"]


def profile(name: str) -> str:
    return f"Attune Kit {name}"


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNetworkManager]:
    """A NetworkManager that has read a kit's files."""
    networks = Networks(
        "NL",
        (
            *(Wifi(f"net {number}", passphrase) for number, passphrase in enumerate(PASSPHRASES)),
            Wifi("only; \\wpa3=", "correct horse", hidden=True, wpa3_only=True),
            Wifi("raw", "0123456789abcdef" * 4),
            Wifi("Council", identity="kit-0001", password=" pass wörd; ", domain="radius.example", ca=certificate()),
        ),
        (Wifi("Annas télephone", "12345678"), Wifi("Ben's", "12345678")),
    )
    etc = tmp_path_factory.mktemp("etc")
    write_profiles(networks, etc)
    with network_manager(tmp_path_factory.mktemp("manager"), etc / "NetworkManager") as real:
        yield real


def test_every_profile_is_taken(kit: RealNetworkManager) -> None:
    names = kit.nmcli("--get-values", "NAME,TYPE", "connection", "show").splitlines()
    ours = [line for line in names if line.startswith("Attune Kit")]
    assert len(ours) == 1 + len(PASSPHRASES) + 3 + 2
    said = kit.log()
    assert "keyfile: load:" not in said, said
    assert "unknown key" not in said, said
    assert not [line for line in said.splitlines() if line.startswith("<warn>") and "keyfile" in line], said


@pytest.mark.parametrize("number", range(len(PASSPHRASES)))
def test_every_passphrase_comes_through(kit: RealNetworkManager, number: int) -> None:
    asked = "802-11-wireless-security.psk"
    shown = subprocess.run(
        ["nmcli", "-s", "-e", "no", "-g", asked, "connection", "show", profile(f"net {number}")],
        env=kit.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown == PASSPHRASES[number] + "\n"


def test_what_a_wifi_network_is_like(kit: RealNetworkManager) -> None:
    name = profile("net 0")
    asked = {
        "802-11-wireless.ssid": "net 0",
        "802-11-wireless.cloned-mac-address": "stable",
        "802-11-wireless-security.key-mgmt": "wpa-psk",
        "connection.autoconnect": "yes",
        "connection.autoconnect-retries": "0",
        "connection.permissions": "",
        "connection.metered": "unknown",
        "ipv4.dhcp-send-hostname": "no",
        "ipv6.dhcp-send-hostname": "no",
        "ipv6.addr-gen-mode": "stable-privacy",
    }
    assert {setting: kit.setting(name, setting) for setting in asked} == asked
    assert kit.setting(name, "802-11-wireless.powersave").startswith("disable")
    assert kit.setting(name, "ipv6.ip6-privacy").startswith("2")


def test_a_hidden_network_of_wpa3_alone(kit: RealNetworkManager) -> None:
    name = profile("only; \\wpa3=")
    assert kit.setting(name, "802-11-wireless.ssid") == "only; \\wpa3="
    assert kit.setting(name, "802-11-wireless.hidden") == "yes"
    assert kit.setting(name, "802-11-wireless-security.key-mgmt") == "sae"


def test_an_enterprise_network_is_believed_by_its_certificate_only(kit: RealNetworkManager) -> None:
    name = profile("Council")
    assert kit.setting(name, "802-11-wireless-security.key-mgmt") == "wpa-eap"
    assert kit.setting(name, "802-1x.identity") == "kit-0001"
    assert kit.setting(name, "802-1x.domain-suffix-match") == "radius.example"
    assert kit.setting(name, "802-1x.ca-cert"), "the certificate is in the profile"
    shown = kit.nmcli("-s", "-e", "no", "-g", "802-1x.password", "connection", "show", name)
    assert shown == "pass wörd;", "and spaces at its ends, which are stripped here"


def test_cables_come_before_wifi_and_telephones_come_last(kit: RealNetworkManager) -> None:
    order = [profile(name) for name in ("cable", "net 0", "net 1", "Council", "Annas télephone", "Ben's")]
    metrics = [int(kit.setting(name, "ipv4.route-metric")) for name in order]
    assert metrics == sorted(metrics)
    assert metrics[0] < metrics[1] < metrics[-1]
    priorities = [int(kit.setting(name, "connection.autoconnect-priority")) for name in order[1:]]
    assert priorities == sorted(priorities, reverse=True)
    assert [kit.setting(name, "connection.metered") for name in order[-2:]] == ["yes", "yes"]


def test_networkmanager_asks_nobody_for_a_page_and_makes_no_profile(kit: RealNetworkManager) -> None:
    assert kit.nmcli("--get-values", "CONNECTIVITY", "networking", "connectivity", "check", check=False) != "portal"
    kit.plug(DOCK)
    wait_for(lambda: profile("cable") in kit.nmcli("--get-values", "NAME", "connection", "show", "--active"))
    kit.pull(DOCK)
    wait_for(lambda: f"{DOCK}:unavailable" in kit.nmcli("--get-values", "DEVICE,STATE", "device"))
    assert "Wired connection" not in kit.nmcli("--get-values", "NAME", "connection", "show")


@pytest.fixture
def links(kit: RealNetworkManager, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetworkManager]:
    """What a kit sees. Its dock and its telephone get fixed addresses, because nobody deals any out here."""
    for name, device, metric, metered in (("dock", DOCK, "50", "unknown"), ("telephone", TELEPHONE, "900", "yes")):
        octet = "1" if device == DOCK else "2"
        kit.nmcli(
            *("connection", "add", "type", "ethernet", "con-name", name, "ifname", device, "ipv6.method", "disabled"),
            *("ipv4.method", "manual", "ipv4.addresses", f"10.9.{octet}.2/24", "ipv4.gateway", f"10.9.{octet}.1"),
            *("ipv4.route-metric", metric, "connection.metered", metered, "connection.autoconnect-priority", "500"),
        )
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", kit.environment["DBUS_SYSTEM_BUS_ADDRESS"])
    seen = NetworkManager()
    seen.watch()
    yield seen
    for name in ("dock", "telephone"):
        kit.nmcli("connection", "delete", name)
    for cable in (DOCK, TELEPHONE):
        kit.pull(cable)


def test_the_kit_sees_its_link_at_once(kit: RealNetworkManager, links: NetworkManager) -> None:
    assert links() == Link(Way.NONE), "known when the watch begins"
    seen: list[Link] = []

    def becomes(*wanted: object) -> Link:
        def look() -> bool:
            seen.append(links())
            return (links().way, links().metered) == wanted

        began = time.monotonic()
        wait_for(look)
        print(f"{wanted} after {time.monotonic() - began:.2f} s")
        return links()

    kit.plug(TELEPHONE)
    by_telephone = becomes(Way.CABLE, True)
    kit.plug(DOCK)
    docked = becomes(Way.CABLE, False)
    assert docked.connection != by_telephone.connection
    kit.pull(DOCK)
    becomes(Way.CABLE, True)
    kit.plug(DOCK)
    assert becomes(Way.CABLE, False).connection != docked.connection, "the same network again is another connection"
    kit.pull(DOCK)
    kit.pull(TELEPHONE)
    becomes(Way.NONE, False)
    assert not [link for link in seen if link.connection == by_telephone.connection and not link.metered]


def test_the_uplinks_program_waits_on_a_telephone_and_sends_in_the_dock(
    kit: RealNetworkManager, links: NetworkManager, tmp_path: Path
) -> None:
    stack = Stack(tmp_path / "site")
    with stack.service() as address:
        site = Site(stack, address)
        site.film()
        kit.plug(TELEPHONE)
        wait_for(lambda: links().metered)
        command = [sys.executable, "-m", *stack.uplink_command("--until-empty")]
        with subprocess.Popen(command, env=kit.environment) as uplink:
            file = site.config.status / UPLINK_FILE

            def says(code: str) -> bool:
                status = read_status(file, UplinkStatus)
                return status is not None and status.problem_code == code

            wait_for(lambda: says(Held.NOT_ALLOWED))
            kit.plug(DOCK)
            assert uplink.wait(30) == 0
        assert site.spool.films() == []
        assert not meter_file(site.config.spool).exists()
        site.agency.close()


def wait_for(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
