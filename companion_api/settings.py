"""The settings of `companion-api`, the same for every command: flag, environment variable, TOML file, default.

The first that is given wins. A service's settings stand in one place then, and `companion-api scrub` on its machine
needs no flag.
"""

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from companion_api.operations.logs import LogForm
from companion_api.staff.origin import Origin
from companion_api.staff.provider import ProviderSettings

_PREFIX = "COMPANION_API_"
CONFIG = Path("/etc/attune-companion-api/companion-api.toml")
_NONE = "none"
_BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service needs to know."""

    data: Path
    receipt_key: Path
    root: str
    directory: Path
    store: str
    database: URL
    erasures: str
    backup_days: int
    host: str
    port: int
    workers: int
    log: LogForm
    origin: Origin
    provider: ProviderSettings | None


class Option(NamedTuple):
    """One setting: its flag, a word for its value, its default (None: it must be given), and its meaning."""

    flag: str
    value: str
    default: str | None
    meaning: str

    @property
    def name(self) -> str:
        """The key in the TOML file."""
        return self.flag.removeprefix("--")

    @property
    def field(self) -> str:
        """The field of `Settings`."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return _PREFIX + self.field.upper()


OPTIONS = (
    Option("--data", "DIR", None, "folder for what is not kept elsewhere; made if missing"),
    Option("--receipt-key", "FILE", None, "private key (PEM) that signs receipts; the directory must list it"),
    Option("--root", "THUMBPRINT", None, "thumbprint of the agency root, 43 characters, as `kit init` showed it"),
    Option("--directory", "FILE", None, "the signed directory; replace the file to publish a new one"),
    Option(
        "--store",
        "URL",
        "DATA/store",
        "where sealed parts are kept: a folder, or s3://BUCKET, az://CONTAINER, gs://BUCKET",
    ),
    Option("--database", "URL", "DATA/companion.sqlite3", "sqlite:///FILE or postgresql://USER@HOST/NAME"),
    Option("--erasures", "URL", "DATA/erasures", "where certificates of erasures are kept, apart from the store"),
    Option("--backup-days", "NUMBER", "35", "days that your backups are kept; certificates of erasures tell it"),
    Option("--host", "ADDRESS", "127.0.0.1", "address to listen on"),
    Option("--port", "NUMBER", "8080", "port to listen on; 0 takes a free one and prints it"),
    Option("--workers", "NUMBER", "1", "processes that serve; more than one is for PostgreSQL"),
    Option("--log", "FORM", "text", "text or json, a line each on stderr"),
    Option(
        "--origin", "URL", "http://localhost:8080", "where staff's browsers find the service; passkeys are bound to it"
    ),
    Option("--oidc-issuer", "URL", _NONE, "the agency's OpenID provider, if people sign in there too"),
    Option("--oidc-client-id", "ID", _NONE, "what the provider calls this service"),
    Option("--oidc-client-secret", "FILE", _NONE, "file with the secret that the provider gave to this service"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take every setting."""
    group = parser.add_argument_group("settings, each also a variable and a key of the TOML file")
    group.add_argument("--config", metavar="FILE", help=f"the TOML file (default: {CONFIG}) [{_PREFIX}CONFIG]")
    for option in OPTIONS:
        default = "" if option.default is None else f" (default: {option.default})"
        meaning = f"{option.meaning}{default} [{option.variable}]".replace("%", "%%")
        group.add_argument(option.flag, metavar=option.value, help=meaning)


def read_settings(
    parser: argparse.ArgumentParser, given: argparse.Namespace, environment: Mapping[str, str]
) -> Settings:
    """Return the settings. Exits with code 2 and a line on stderr if they can't be used, as argparse does."""
    file = _read_file(parser, given.config or environment.get(f"{_PREFIX}CONFIG"))
    values: dict[str, str] = {}
    for option in OPTIONS:
        value = getattr(given, option.field) or environment.get(option.variable) or file.get(option.name)
        if value is None:
            value = option.default
        if value is None:
            parser.error(f"{option.flag} must be given, or {option.variable}, or {option.name} in the TOML file")
        values[option.field] = value
    data = Path(values["data"])
    for name, least, most in (("port", 0, 65535), ("workers", 1, 64), ("backup_days", 0, 3650)):
        if not (values[name].isdecimal() and least <= int(values[name]) <= most):
            parser.error(f"--{name.replace('_', '-')} must be a number from {least} to {most}, not {values[name]!r}")
    if values["log"] not in list(LogForm):
        parser.error(f"--log must be {' or '.join(LogForm)}, not {values['log']!r}")
    return Settings(
        data=data,
        receipt_key=Path(values["receipt_key"]),
        root=values["root"],
        directory=Path(values["directory"]),
        store=values["store"].replace("DATA/", f"{data}/"),
        database=_database(parser, values["database"], data),
        erasures=values["erasures"].replace("DATA/", f"{data}/"),
        backup_days=int(values["backup_days"]),
        host=values["host"],
        port=int(values["port"]),
        workers=int(values["workers"]),
        log=LogForm(values["log"]),
        origin=_origin(parser, values["origin"]),
        provider=_provider(parser, values["oidc_issuer"], values["oidc_client_id"], values["oidc_client_secret"]),
    )


def _read_file(parser: argparse.ArgumentParser, named: str | None) -> dict[str, str]:
    file = Path(named) if named else CONFIG
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if named is None:
            return {}
        parser.error(f"--config {file}: there is no such file")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        parser.error(f"--config {file}: {reason}")
    unknown = content.keys() - {option.name for option in OPTIONS}
    if unknown:
        parser.error(f"--config {file}: there is no setting {', '.join(sorted(unknown))}")
    return {name: str(value) for name, value in content.items()}


def _origin(parser: argparse.ArgumentParser, given: str) -> Origin:
    try:
        return Origin(given)
    except ValueError as reason:
        parser.error(f"--origin: {reason}, not {given!r}")


def _provider(parser: argparse.ArgumentParser, issuer: str, client_id: str, secret: str) -> ProviderSettings | None:
    given = [value for value in (issuer, client_id, secret) if value != _NONE]
    if not given:
        return None
    if len(given) < 3:
        parser.error("--oidc-issuer, --oidc-client-id and --oidc-client-secret must be given together")
    try:
        return ProviderSettings(issuer, client_id, Path(secret))
    except ValueError as reason:
        parser.error(f"--oidc-issuer: {reason}, not {issuer!r}")


def _database(parser: argparse.ArgumentParser, given: str, data: Path) -> URL:
    if given == "DATA/companion.sqlite3":
        return URL.create("sqlite", database=str(data / "companion.sqlite3"))
    try:
        url = make_url(given)
    except ArgumentError:
        parser.error("--database must be sqlite:///FILE or postgresql://USER@HOST/NAME")
    if url.get_backend_name() not in _BACKENDS:
        parser.error(f"--database: {url.get_backend_name()} is not supported; use one of {', '.join(_BACKENDS)}")
    return url
