"""A kit's settings: one TOML file, `/etc/attune-kit/kit.toml` on a kit. Paths in it are relative to the file."""

import json
import logging
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec import Meta

from device.errors import ConfigInvalid
from footage.directory import Directory, read_directory
from footage.errors import FootageError
from footage.keys import key_from_pem
from footage.messages import KitId, ServiceUrl, Thumbprint

AUTHORITY = "authority.pem"

_log = logging.getLogger(__name__)


class KitConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a kit must know.

    `reserve_bytes` of the card stay free, so that a film can always be closed. No film is begun when the card has room
    for less than `room_minutes`, and none is longer than `film_minutes`. No setting concerns a light.

    `directory` came with the kit, and nothing on the kit can write it; `accepted` is the newer one that the uplink got.
    `authority` is a PEM file: whoever has no certificate by it is not the service. None: the system's store decides.
    """

    kit: KitId
    service: ServiceUrl
    agency_root: Thumbprint
    authority: Path | None = None
    key: Path = Path("kit.key.pem")
    directory: Path = Path("directory.jws")
    accepted: Path = Path("/var/lib/attune-kit/directory/accepted.jws")
    spool: Path = Path("/var/lib/attune-kit/spool")
    status: Path = Path("/run/attune-kit")
    reserve_bytes: Annotated[int, Meta(ge=1 << 20)] = 8 << 20
    profile: Literal["720p25", "1080p30", "360p25"] = "720p25"
    agreement_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 30
    film_minutes: Annotated[int, Meta(ge=1, le=60)] = 20
    room_minutes: Annotated[int, Meta(ge=0, le=60)] = 15

    def kit_key(self) -> EllipticCurvePrivateKey:
        """Read the kit's private key. Raises `ConfigInvalid`."""
        try:
            return key_from_pem(self.key.read_bytes())
        except (OSError, FootageError) as reason:
            raise ConfigInvalid(f"The kit's key {self.key} can't be used: {reason}") from None

    def accepted_directory(self) -> Directory:
        """Read the newer of the directory that came with the kit and the one accepted last. Raises `ConfigInvalid`."""
        came_with_the_kit = self._read_directory(self.directory)
        if not self.accepted.exists():
            return came_with_the_kit
        try:
            return max(came_with_the_kit, self._read_directory(self.accepted), key=lambda one: one.version)
        except ConfigInvalid as reason:
            # Whoever can spoil the file could remove it too, so going on costs nothing; the uplink fetches it again.
            _log.warning("the directory that came with the kit is used. %s", reason)
            return came_with_the_kit

    def _read_directory(self, file: Path) -> Directory:
        try:
            return read_directory(file.read_text("ascii"), self.agency_root)
        except (OSError, UnicodeDecodeError, FootageError) as reason:
            raise ConfigInvalid(f"The kit's directory {file} can't be used: {reason}") from None


def read_config(path: Path) -> KitConfig:
    """Read and check a kit's settings. Raises `ConfigInvalid`."""
    try:
        config = msgspec.convert(tomllib.loads(path.read_text("utf-8")), KitConfig, dec_hook=_path)
    except FileNotFoundError:
        raise ConfigInvalid(
            f"There is no {path}. Enrol the kit (`kit-device enrol`), copy there what `kit add` made, or name it by "
            "--config."
        ) from None
    except (OSError, ValueError) as reason:
        raise ConfigInvalid(f"{path} can't be used: {reason}. Write it anew with `kit add`.") from None
    names = ("authority", "key", "directory", "accepted", "spool", "status")
    places = {name: path.parent / place for name in names if (place := getattr(config, name)) is not None}
    return msgspec.structs.replace(config, **places)


def new_settings(kit: str, service: str, agency_root: str, *, pinned: bool = False, simulated: bool) -> bytes:
    """Return a new kit's settings as TOML. A `simulated` kit keeps what it writes in its own folder.

    One that is `pinned` to an authority has it beside its settings, as `AUTHORITY`.
    """
    settings = {"kit": kit, "service": service, "agency_root": agency_root}
    if pinned:
        settings |= {"authority": AUTHORITY}
    if simulated:
        settings |= {"accepted": "accepted.jws", "spool": "spool", "status": "run"}
    # JSON strings are TOML basic strings.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()).encode()


def _path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise ValueError(f"{value!r} is not a path")
    return Path(value)
