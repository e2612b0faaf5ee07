"""Browsers, and members of staff who are signed in without one: a session is entered by the module that enters all."""

import json
import uuid
from http.cookies import SimpleCookie
from typing import Any

import httpx

from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Person, Role
from companion_api.staff.sign_in import COOKIE
from companion_api.staff.staff_sessions import StaffSessions
from tests.companion_api.builders import ORIGIN, Service


class Browser:
    """A browser with a page of ours open. It keeps cookies, and takes none that are not as strict as ours must be."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookies: dict[str, str] = {}

    def send(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        """Send a request as a page of ours does. `headers` (names with _ for -) change it; an empty one is left out."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"cookie": kept, "origin": ORIGIN, "sec-fetch-site": "same-origin"}
        body = b""
        if content is not None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            sent |= {"content-type": "application/json", "content-length": str(len(body))}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.service.send(method, path, {name: value for name, value in sent.items() if value}, body)
        for line in answer.headers.get_list("set-cookie"):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        ((name, morsel),) = SimpleCookie(line).items()
        assert name.startswith("__Host-")
        strict = ("secure", True), ("httponly", True), ("samesite", "strict"), ("path", "/"), ("domain", "")
        assert all(morsel[attribute] == value for attribute, value in strict), line
        if morsel["max-age"] == "0":
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = morsel.value


class Staff(Browser):
    """Somebody at their browser, with these roles, signed in. `cookie` is the token of their session."""

    def __init__(self, service: Service, *roles: Role, name: str = "A. Jones") -> None:
        super().__init__(service)
        self.person = Person(str(uuid.uuid4()), name, frozenset(roles))
        with service.archive.database.writing() as connection:
            AccountRows(connection).add(self.account, name, roles, service.archive.timestamp())
        self.cookies[COOKIE] = self.sign_in()

    @property
    def account(self) -> str:
        return self.person.account

    @property
    def cookie(self) -> str:
        return self.cookies[COOKIE]

    def sign_in(self) -> str:
        """Begin another session and return its token."""
        with self.service.archive.database.writing() as connection:
            return StaffSessions(connection, self.service.clock()).begin(self.account)

    def told(self, path: str) -> Any:
        """Return what a GET tells."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()
