"""Debian's Chromium, driven over a pipe by the Chrome DevTools Protocol, with an authenticator of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_SECONDS = 60


class JavaScriptError(Exception):
    """What a page's script threw."""


class Chromium:
    """A browser with a fresh profile and one page."""

    def __init__(self, profile: Path) -> None:
        program = shutil.which("chromium")
        assert program, "`make rigs` installs chromium"
        theirs_in, self._out = os.pipe()  # the protocol: Chromium reads from its descriptor 3 and writes to 4
        self._in, theirs_out = os.pipe()
        command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        flags = [*_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", command, program, *flags],
            pass_fds=(theirs_in, theirs_out),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._answers = os.fdopen(self._in, "rb", buffering=0)
        self._left = b""
        self._number = 0
        self._page: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._page = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params} | self._page
        os.write(self._out, json.dumps(asked).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def open(self, url: str) -> None:
        """Open a page and wait until it has loaded, and all to which it leads."""
        self.call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def run(self, script: str) -> Any:
        """Return what a script returns or promises. Raises `JavaScriptError`. A user's gesture is behind it."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in found:
            thrown = found["exceptionDetails"].get("exception", {})
            raise JavaScriptError(thrown.get("description") or thrown.get("value"))
        return found["result"].get("value")

    def add_authenticator(self) -> str:
        """Add an authenticator like a laptop's own, at which the user is always verified; return its id."""
        self.call("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "hasPrf": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added: str = self.call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]
        return added

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            read = self._answers.read(1 << 16)
            assert read, "Chromium has ended"
            self._left += read
        message, _, self._left = self._left.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def close(self) -> None:
        """End the browser and all that it started."""
        os.close(self._out)  # it ends when nobody drives it any more
        self._answers.close()
        try:
            self.process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Give a browser with a fresh profile in `folder`."""
    browser = Chromium(folder / "profile")
    try:
        yield browser
    finally:
        browser.close()
