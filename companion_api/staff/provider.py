"""The agency's OpenID provider, at which people of an agency with a directory of its own sign in.

The authorization code flow with PKCE (RFC 7636), state and nonce: OpenID Connect Core 1.0, section 3.1. The ID token
is taken over TLS from the issuer itself and verified all the same. `iss` of the answer keeps out mix-ups (RFC 9207).
Nothing but `sub` is asked for or believed: names and roles are those of our accounts.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from companion_api.problems import PROVIDER_FAILED, PROVIDER_REFUSED, Refusal
from companion_api.staff.link_rows import SUBJECT_LENGTH, ProvidersPerson
from companion_api.staff.origin import Origin
from companion_api.tokens import new_token
from footage.messages import Message

T = TypeVar("T")
_log = logging.getLogger(__name__)
PAGE = "/provider"  # to which the provider sends the browser back; the page posts what it was given
_ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]
_BASIC, _POST = "client_secret_basic", "client_secret_post"  # how we show our secret
_LEEWAY = 60  # seconds that the provider's clock may differ
_PATIENCE = 15.0  # seconds for everything that is asked of the provider in one request
_METADATA_PATH = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, section 4.1
_METADATA_FOR = timedelta(hours=1)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the provider's administrator has given to the agency's service."""

    issuer: str
    client_id: str
    client_secret: Path  # the file

    def __post_init__(self) -> None:
        """Raise `ValueError` for an issuer that can't be trusted."""
        if not _is_safe(self.issuer) or "?" in self.issuer or "#" in self.issuer:
            raise ValueError("an issuer is https://HOST, and may have a path")


class AtProvider(Message, frozen=True):
    """Somebody is at the provider. `challenge` is the state; `invitation` the SHA-256 of a token, or empty."""

    challenge: str
    nonce: str
    verifier: str
    invitation: str = ""


def going_to_provider(invitation: str = "") -> AtProvider:
    """Return a new ceremony."""
    return AtProvider(new_token(), new_token(), new_token(), invitation)


class Metadata(msgspec.Struct, frozen=True):
    """What a provider tells of itself (OpenID Connect Discovery 1.0, section 4.2), as far as we need it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = (_BASIC,)
    authorization_response_iss_parameter_supported: bool = False


class PublicKeys(msgspec.Struct, frozen=True):
    """A JWK Set (RFC 7517, section 5)."""

    keys: tuple[dict[str, Any], ...]

    def usable(self) -> KeySet:
        """Return the keys that we know the kind of; others are to be ignored."""
        usable = []
        for key in self.keys:
            if key.get("kty") in ("RSA", "EC"):
                with suppress(JoseError, LookupError, TypeError, ValueError):
                    usable.append(JWKRegistry.import_key(key))
        return KeySet(usable)


class Provider:
    """The agency's OpenID provider. Methods raise `Refusal`."""

    def __init__(
        self, settings: ProviderSettings, client_secret: str, origin: Origin, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._client_secret = client_secret
        self._tls = ssl.create_default_context()  # the machine's authorities; it takes long, so only once
        self._page = origin.text + PAGE
        self._clock = clock
        self._metadata: tuple[datetime, Metadata] | None = None

    async def address(self, ceremony: AtProvider) -> str:
        """Return where the browser must go."""
        async with self._client() as client:
            metadata = await self._found_metadata(client)
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=ceremony.challenge,
                nonce=ceremony.nonce,
                code_verifier=ceremony.verifier,
            )
            return str(url)

    async def identify(self, ceremony: AtProvider, code: str, issuer: str | None) -> ProvidersPerson:
        """Return who has signed in. `code` and `issuer` are what the provider gave to the browser."""
        async with self._client() as client:
            metadata = await self._found_metadata(client)
            if issuer != self._settings.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
                raise OAuthError("iss", "the answer is another provider's")
            basic = _BASIC in metadata.token_endpoint_auth_methods_supported
            client.token_endpoint_auth_method = _BASIC if basic else _POST
            tokens = await client.fetch_token(
                metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=ceremony.verifier
            )
            keys = await _get(client, metadata.jwks_uri, PublicKeys)  # anew each time: they may have changed
            return self._identified(tokens, keys, ceremony.nonce)

    def _identified(self, tokens: dict[str, Any], keys: PublicKeys, nonce: str) -> ProvidersPerson:
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        token = jwt.decode(str(tokens.get("id_token")), keys.usable(), registry=registry)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
            },
            {"nonce": nonce, "client_id": self._settings.client_id, "access_token": tokens.get("access_token")},
        )
        claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY)
        subject: str = claims["sub"]
        if not (subject.isascii() and subject.isprintable() and 1 <= len(subject) <= SUBJECT_LENGTH):
            raise InvalidClaimError("sub")
        return ProvidersPerson(self._settings.issuer, subject)

    async def _found_metadata(self, client: Any) -> Metadata:
        """Return what the provider tells of itself, at most an hour old."""
        now = self._clock()
        if self._metadata is None or now >= self._metadata[0]:
            found = await _get(client, self._settings.issuer.rstrip("/") + _METADATA_PATH, Metadata)
            if found.issuer != self._settings.issuer:
                raise ValueError("the metadata are another issuer's")
            if not all(map(_is_safe, (found.authorization_endpoint, found.token_endpoint, found.jwks_uri))):
                raise ValueError("an endpoint is not https")
            self._metadata = now + _METADATA_FOR, found
        return self._metadata[1]

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        client = AsyncOAuth2Client(
            *(self._settings.client_id, self._client_secret),
            scope="openid",
            redirect_uri=self._page,
            code_challenge_method="S256",
            timeout=_PATIENCE,
            verify=self._tls,
        )
        try:
            async with asyncio.timeout(_PATIENCE), client:
                yield client
        except (OAuthError, JoseError) as reason:
            _log.warning("a sign-in at the OpenID provider is refused: %.200r", str(reason))
            raise Refusal(PROVIDER_REFUSED, "Begin again. If it stays so, IT finds the reason in the log.") from None
        except (httpx2.HTTPError, TimeoutError, msgspec.MsgspecError, ValueError) as reason:
            _log.error("the OpenID provider %s failed: %.200r", self._settings.issuer, reason)
            raise Refusal(PROVIDER_FAILED, "Try again later. IT finds the reason in the log.") from None


async def _get(client: Any, url: str, kind: type[T]) -> T:
    answer = await client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=kind)


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
