"""A small OpenID provider on a loopback port, with real HTTP and real signatures; it lies if it is told to."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "companion", "a secret: with 100% of +/= in it"


class OpenIdProvider:
    """Signs in whomever `subject` names. `claims`, `metadata`, `tokens` and `answer` change what it says.

    It signs by `key`, and publishes `keys`.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.clock: Callable[[], datetime] = lambda: datetime.fromtimestamp(0)
        self.tell_the_truth()
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"

    def tell_the_truth(self) -> None:
        self.subject = "s-1-5-21"
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.answer: dict[str, str] = {}
        self.algorithm = "ES256"
        self.change_keys()

    @contextmanager
    def running(self) -> Iterator["OpenIdProvider"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            thread.join()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def change_keys(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})
        self.keys = [self.key]

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def _sign_in(self, asked: dict[str, str]) -> str:
        """Return where the browser is sent: whoever comes has signed in."""
        assert asked["response_type"] == "code"
        assert asked["scope"] == "openid"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == self.page
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return f"{self.page}?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer} | self.answer)

    def _exchange(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {basic}" and (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = _base64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or asked["code_challenge"] != challenge or form["redirect_uri"] != self.page:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "name": "Somebody",
            "roles": ["it"],
        }
        claims |= self.claims
        tokens = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": self._signed(claims)}
        return 200, tokens | self.tokens

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.algorithm == "ES256":
            return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        told = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": self.algorithm}, claims))
        if self.algorithm == "none":
            return f"{told}."
        public = self.key.as_pem(private=False)  # which everybody knows, as if it were a secret
        return f"{told}.{_base64(hmac.digest(public, told.encode(), 'sha256'))}"

    def _public_keys(self) -> dict[str, Any]:
        unknown = {"kty": "AKP", "alg": "ML-DSA-65", "kid": "of the future", "pub": "AA"}
        return {"keys": [unknown, *(key.as_dict(private=False) for key in self.keys)]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path)
                provider.asked.append(path.path)
                if path.path.endswith("/authorize"):
                    asked = {name: values[0] for name, values in parse_qs(path.query).items()}
                    self.send_response(302)
                    self.send_header("Location", provider._sign_in(asked))
                    self.end_headers()
                elif path.path.endswith("/keys"):
                    self._json(200, provider._public_keys())
                else:
                    self._json(200, provider._configuration())

            def do_POST(self) -> None:
                provider.asked.append(self.path)
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                told = {name: values[0] for name, values in parse_qs(form).items()}
                self._json(*provider._exchange(self.headers.get("authorization", ""), told))

            def _json(self, status: int, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
