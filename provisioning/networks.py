"""The networks that kits may use, as IT writes them down in one file. `kit networks --help` shows it."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta
from msgspec.structs import replace

from provisioning.errors import NetworksInvalid

FORM = """\
The file of networks, in TOML, the preferred first. Nothing is needed for cables; they come before all.

country = "NL"                       # whose rules the radio keeps (ISO 3166)

[[wifi]]                             # WPA2 or WPA3 with a passphrase
ssid = "Agency"
passphrase = "…"                     # left out: asked for

[[wifi]]                             # WPA2 or WPA3 Enterprise, by PEAP
ssid = "Council"
identity = "kit-0001@council.example"
password = "…"                       # left out: asked for
domain = "radius.council.example"    # in the certificate of who asks for the password
ca = "council-ca.pem"                # who signed that; a file beside this one

[[hotspot]]                          # a telephone's: used when there is nothing else
ssid = "Anna's telephone"
passphrase = "…"

hidden = true                        # of a network that does not tell its name
wpa3_only = true                     # of one that refuses WPA2
"""

_OTHERS = 0o077
_SSID_BYTES = 32  # IEEE 802.11-2020, 9.4.2.2
_PASSPHRASE = re.compile(r"[\x20-\x7e]{8,63}")  # IEEE 802.11-2020, annex J.4.1
_RAW_KEY = re.compile(r"[0-9A-Fa-f]{64}")


class Wifi(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Wi-Fi network, with `passphrase` or the four last; `ca` is a file's name, later its certificates (PEM)."""

    ssid: str
    passphrase: str = ""
    hidden: bool = False
    wpa3_only: bool = False
    identity: str = ""
    password: str = ""
    domain: str = ""
    ca: str = ""

    @property
    def enterprise(self) -> bool:
        """Whether each kit or person has a password of its own there."""
        return bool(self.identity)


class Networks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What IT wrote down: networks in the order of preference."""

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    wifi: tuple[Wifi, ...] = ()
    hotspot: tuple[Wifi, ...] = ()


def read_networks(file: Path, ask: Callable[[str], str]) -> Networks:
    """Read and check a file of networks; `ask` is asked for secrets that it leaves out. Raises `NetworksInvalid`.

    No message tells a secret.
    """
    try:
        if file.stat().st_mode & _OTHERS:
            raise NetworksInvalid(f"Others on this machine can read {file}. Call: chmod 600 {file}")
        networks = msgspec.convert(tomllib.loads(file.read_text("utf-8")), Networks)
    except OSError as reason:
        raise NetworksInvalid(f"{file} can't be read: {reason.strerror}.") from None
    except ValueError as reason:
        raise NetworksInvalid(f"{file} is not as `kit networks --help` says: {reason}.") from None
    if networks.country == "UK":
        raise NetworksInvalid("The United Kingdom's country is GB (ISO 3166).")
    every = [one.ssid for one in (*networks.wifi, *networks.hotspot)]
    if twice := next((ssid for ssid in every if every.count(ssid) > 1), None):
        raise NetworksInvalid(f"{twice!r} is there twice. Keep one.")
    return Networks(
        networks.country,
        tuple(_checked(one, file.parent, ask) for one in networks.wifi),
        tuple(_checked(one, file.parent, ask, hotspot=True) for one in networks.hotspot),
    )


def _checked(one: Wifi, folder: Path, ask: Callable[[str], str], *, hotspot: bool = False) -> Wifi:
    """Return a network with its secret, and with its certificates' text for their file's name."""
    size = len(one.ssid.encode())
    if not 1 <= size <= _SSID_BYTES:
        raise NetworksInvalid(f"The ssid {one.ssid!r} has {size} bytes; 1 to {_SSID_BYTES} are possible.")
    if not one.ssid.isprintable():
        raise NetworksInvalid(f"The ssid {one.ssid!r} is not one line of text.")
    if not one.enterprise:
        if one.password or one.domain or one.ca:
            raise NetworksInvalid(f"{one.ssid!r} lacks its identity. Without one it has only a passphrase.")
        passphrase = one.passphrase or ask(f"Passphrase of {one.ssid}: ")
        if not _PASSPHRASE.fullmatch(passphrase) and (one.wpa3_only or not _RAW_KEY.fullmatch(passphrase)):
            raise NetworksInvalid(
                f"The passphrase of {one.ssid!r} can't be one. It has 8 to 63 characters of ASCII"
                + ("." if one.wpa3_only else ", or is a key of 64 hexadecimal digits.")
            )
        return replace(one, passphrase=passphrase)
    if hotspot or one.passphrase or one.wpa3_only:
        raise NetworksInvalid(f"{one.ssid!r} has an identity, so it can have no passphrase and be no hotspot.")
    if not one.domain or not one.ca:
        raise NetworksInvalid(
            f"{one.ssid!r} needs domain and ca, or the kit would give its password to whoever uses that name."
        )
    password = one.password or ask(f"Password of {one.identity} in {one.ssid}: ")
    if not password or not (one.identity + password + one.domain).isprintable():
        raise NetworksInvalid(f"Identity, password and domain of {one.ssid!r} are each one line of text.")
    return replace(one, password=password, ca=_certificates(folder / one.ca))


def _certificates(file: Path) -> str:
    try:
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        raise NetworksInvalid(f"{file} holds no certificate in PEM. Copy it anew from who runs the network.") from None
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates).decode()  # and nothing else of the file
