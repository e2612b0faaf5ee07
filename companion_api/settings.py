"""The settings of `companion-api serve`: flags, each also an environment variable (a flag wins)."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_PREFIX = "COMPANION_API_"
_ABOUT = """The agency's service: takes in sealed films from kits and signs receipts for them.
It can't read what it stores; it needs the directory that `kit init` and `kit add` sign, and the receipt key."""
_EXAMPLE = """example:
  companion-api serve --data /srv/attune --receipt-key /etc/attune/receipt.pem \\
      --directory /etc/attune/directory.jws --root "$(cat /etc/attune/root.thumbprint)"

Publish a new directory by replacing its file; the service sees it at the next request, without a restart.
Put a TLS proxy in front: the service speaks plain HTTP and listens on loopback unless told otherwise.
Back up the data folder. The store in it and the recovery identity are enough to recover every film."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `serve` needs to know."""

    data: Path
    receipt_key: Path
    root: str
    directory: Path
    host: str
    port: int


class Option(NamedTuple):
    """One setting: its flag, a word for its value, its default (None: it must be given), and its meaning."""

    flag: str
    value: str
    default: str | None
    meaning: str

    @property
    def name(self) -> str:
        """The field of `Settings`."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return _PREFIX + self.name.upper()


OPTIONS = (
    Option("--data", "DIR", None, "folder of the store and the database; made if missing"),
    Option("--receipt-key", "FILE", None, "private key (PEM) that signs receipts; the directory must list it"),
    Option("--root", "THUMBPRINT", None, "thumbprint of the agency root, 43 characters, as `kit init` showed it"),
    Option("--directory", "FILE", None, "the signed directory; replace the file to publish a new one"),
    Option("--host", "ADDRESS", "127.0.0.1", "address to listen on"),
    Option("--port", "NUMBER", "8080", "port to listen on; 0 takes a free one and prints it"),
)


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Return the settings. Exits with code 2 and a line on stderr if they can't be used, as argparse does."""
    parser = argparse.ArgumentParser("companion-api", description=_ABOUT)
    serve = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "serve",
        help="run the service until SIGTERM or Ctrl-C",
        description="Run the service until SIGTERM or Ctrl-C; requests under way are finished.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option in OPTIONS:
        value = environment.get(option.variable, option.default)
        ending = (
            f"[{option.variable}]" if option.default is None else f"(default: {option.default}) [{option.variable}]"
        )
        serve.add_argument(
            option.flag,
            metavar=option.value,
            default=value,
            required=value is None,
            help=f"{option.meaning} {ending}".replace("%", "%%"),
        )
    given = parser.parse_args(arguments)
    if not (given.port.isdecimal() and int(given.port) <= 65535):
        serve.error(f"--port must be a number from 0 to 65535, not {given.port!r}")
    return Settings(
        data=Path(given.data),
        receipt_key=Path(given.receipt_key),
        root=given.root,
        directory=Path(given.directory),
        host=given.host,
        port=int(given.port),
    )
