"""NetworkManager's files for a kit: `/etc/NetworkManager`, and the radio's country. They hold secrets.

Cables come first, then Wi-Fi in the order that IT wrote, then telephones. Which link carries is the kernel's choice by
route metric; which Wi-Fi is joined is NetworkManager's by priority. Forms: nm-settings-keyfile(5), nm-settings(5),
NetworkManager.conf(5). NetworkManager 1.42 of Debian 12 knows all of it.
"""

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path

from footage import durable
from provisioning.networks import Networks, Wifi

_PROFILES = Path("NetworkManager/system-connections")
_PREFIX = "attune-"
_NAMESPACE = uuid.UUID("6f0c8d5e-3c0b-4a3e-9d0e-6f2f4a7f5b11")  # so that the same network is the same profile again
_FIRST, _HOTSPOTS = 100, -100  # of connection.autoconnect-priority, -999 to 999
_CABLE_METRIC, _WIFI_METRIC, _HOTSPOT_METRIC = 50, 600, 900

_SETTINGS = """\
[main]
# Only what IT wrote, and no profile of NetworkManager's own for any cable.
no-auto-default=*
# A network does not name the kit.
hostname-mode=none

[connectivity]
# Nobody's page is asked whether this is the Internet; the uplink sees what answers.
enabled=false

[device]
wifi.scan-rand-mac-address=yes
"""

_Settings = dict[str, dict[str, str]]


def write_profiles(networks: Networks, etc: Path) -> list[Path]:
    """Write them into a folder that is, or becomes, a kit's `/etc`, and return them. They are their owner's alone.

    Profiles of earlier calls go, with networks that are none any more. Raises `OSError`.
    """
    written = []
    for place, text in _files(networks):
        durable.make_folder((etc / place).parent)
        durable.write_file(etc / place, text.encode())
        written.append(etc / place)
    for old in (etc / _PROFILES).glob(f"{_PREFIX}*.nmconnection"):
        if old not in written:
            durable.remove_file(old)
    return written


def _files(networks: Networks) -> Iterator[tuple[Path, str]]:
    """Yield each file below `/etc`, and its text."""
    yield _PROFILES / f"{_PREFIX}cable.nmconnection", _keyfile(_cable())
    for place, one in enumerate(networks.wifi):
        name = f"{_PREFIX}wifi-{place + 1}.nmconnection"
        yield _PROFILES / name, _keyfile(_wifi(one, _FIRST - place, _WIFI_METRIC))
    for place, one in enumerate(networks.hotspot):
        settings = _wifi(one, _HOTSPOTS - place, _HOTSPOT_METRIC)
        settings["connection"]["metered"] = "1"  # yes, whatever the telephone says of itself
        yield _PROFILES / f"{_PREFIX}hotspot-{place + 1}.nmconnection", _keyfile(settings)
    yield Path("NetworkManager/conf.d/attune-kit.conf"), _SETTINGS
    yield Path("modprobe.d/attune-kit-wifi.conf"), f"options cfg80211 ieee80211_regdom={networks.country}\n"


def _cable() -> _Settings:
    settings = _profile("Attune Kit cable", "ethernet", _FIRST, _CABLE_METRIC)
    settings["connection"]["multi-connect"] = "3"  # in the dock, on the board, by a telephone's cable
    return settings


def _wifi(one: Wifi, priority: int, metric: int) -> _Settings:
    settings = _profile(f"Attune Kit {one.ssid}", "wifi", priority, metric)
    settings["wifi"] = {
        "mode": "infrastructure",
        "ssid": "".join(f"{byte};" for byte in one.ssid.encode()),  # as numbers: nothing is to be escaped
        "cloned-mac-address": "stable",  # another one in each network, the same whenever it comes back
        "powersave": "2",  # off: with it the Raspberry Pi's radio answers late, or not at all
    }
    if one.hidden:
        settings["wifi"]["hidden"] = "true"
    if one.enterprise:
        settings["wifi-security"] = {"key-mgmt": "wpa-eap"}
        settings["802-1x"] = {
            "eap": "peap;",
            "phase2-auth": "mschapv2",
            "identity": one.identity,
            "password": one.password,
            "domain-suffix-match": one.domain,
            "ca-cert": f"data:;base64,{base64.b64encode(one.ca.encode()).decode()}",
        }
    else:
        # wpa-psk is WPA2 and WPA3, as the network has it; sae is WPA3 alone.
        settings["wifi-security"] = {"key-mgmt": "sae" if one.wpa3_only else "wpa-psk", "psk": one.passphrase}
    return settings


def _profile(name: str, kind: str, priority: int, metric: int) -> _Settings:
    address = {"method": "auto", "route-metric": str(metric), "dhcp-send-hostname": "false"}
    return {
        "connection": {
            "id": name,
            "uuid": str(uuid.uuid5(_NAMESPACE, f"{kind} {name}")),
            "type": kind,
            "autoconnect-priority": str(priority),
            "autoconnect-retries": "0",  # it never gives up
            "llmnr": "0",
            "mdns": "0",
        },
        "ipv4": address,
        "ipv6": {**address, "addr-gen-mode": "stable-privacy", "ip6-privacy": "2"},
    }


def _keyfile(settings: _Settings) -> str:
    return "\n".join(
        f"[{section}]\n" + "".join(f"{name}={_escaped(value)}\n" for name, value in values.items())
        for section, values in settings.items()
    )


def _escaped(value: str) -> str:
    """Return a value as GLib's key files have it; a space may be lost at either end."""
    return value.replace("\\", "\\\\").replace(" ", "\\s")
