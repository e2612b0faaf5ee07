"""The origin under which people's browsers know the service: `https://films.example`."""

import re
from dataclasses import dataclass

_HOST = r"(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?)"
_PORT = r"(:[1-9][0-9]{0,4})?"
_HTTPS = re.compile(rf"https://{_HOST}(?!:443\Z){_PORT}")
_LOCAL = re.compile(rf"http://(?P<host>localhost)(?!:80\Z){_PORT}")  # browsers take it for as safe as https


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin as browsers send it (RFC 6454, section 6.2): scheme, host, and a port that is not the scheme's own."""

    text: str

    def __post_init__(self) -> None:
        """Raise `ValueError` for what is no origin, or would carry cookies in the clear."""
        if not (_HTTPS.fullmatch(self.text) or _LOCAL.fullmatch(self.text)):
            raise ValueError("an origin is https://HOST or https://HOST:PORT, or http://localhost:PORT")

    @property
    def host(self) -> str:
        """The host, to which passkeys are bound as their RP ID."""
        match = _HTTPS.fullmatch(self.text) or _LOCAL.fullmatch(self.text)
        assert match is not None
        return match["host"]
