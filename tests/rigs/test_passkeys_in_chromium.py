"""Staff sign in with Debian's Chromium: real passkeys of its virtual authenticator, real cookies, real redirects.

The page is the least that calls the service as the web companion will.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.responses import HTMLResponse

from companion_api.app import create_app
from companion_api.service import listening_socket
from companion_api.staff import accounts
from companion_api.staff.origin import Origin
from companion_api.staff.person import Role
from companion_api.staff.provider import Provider, ProviderSettings
from tests.companion_api.builders import Clock, Service
from tests.companion_api.staff.openid_provider import CLIENT, SECRET, OpenIdProvider
from tests.footage.builders import Agency
from tests.rigs.chromium import Chromium, JavaScriptError, chromium
from tests.rigs.rig_stack import wait_until

pytestmark = pytest.mark.rig

PAGE = """<!doctype html><meta charset="utf-8"><title>a page of ours</title><script>
async function send(method, path, content) {
  const headers = content ? {"Content-Type": "application/json"} : {}
  const answer = await fetch("/v1/" + path, {method, headers, body: content && JSON.stringify(content)})
  const told = answer.status == 204 ? {} : await answer.json()
  if (!answer.ok) throw told.type.split(":").at(-1)
  return told
}
async function create(asked, extensions = {}) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked)
  return navigator.credentials.create({publicKey: {...publicKey, extensions}})
}
async function register(invitation) {
  const credential = await create(await send("POST", "staff/invitation/options", {invitation}), {prf: {}})
  await send("POST", "staff/invitation/passkey", {name: "laptop", credential: credential.toJSON()})
  return credential.getClientExtensionResults().prf
}
async function registerAnother(name) {
  const credential = await create(await send("POST", "staff/passkey-options"))
  await send("POST", "staff/passkeys", {name, credential: credential.toJSON()})
}
async function signIn() {
  const asked = await send("POST", "staff/sign-in/options")
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked)
  const eval_ = {first: new TextEncoder().encode("attune")}
  const credential = await navigator.credentials.get({publicKey: {...publicKey, extensions: {prf: {eval: eval_}}}})
  await send("POST", "staff/sign-in", {credential: credential.toJSON()})
  return Array.from(new Uint8Array(credential.getClientExtensionResults().prf.results?.first))
}
const who = () => send("GET", "staff/session")
const signOut = () => send("DELETE", "staff/session")
async function goToProvider(content) {
  location = (await send("POST", "staff/provider/options", content)).address
}
let returned
if (location.pathname == "/provider")
  returned = send("POST", "staff/provider/sign-in", Object.fromEntries(new URLSearchParams(location.search)))
</script>"""


class Site:
    """The service and its page on a port of this machine, and whatever was refused there."""

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        self.origin = f"http://localhost:{port}"
        self.other_origin = f"http://127.0.0.1:{port}"

    def refused(self, problem: str) -> int:
        """Return how often a problem was answered."""
        told = self.service.app.state.agency.metrics.exposition().decode()
        found = re.search(rf'^attune_problems_total{{code="{problem}"}} ([0-9.]+)$', told, re.MULTILINE)
        return int(float(found[1])) if found else 0

    def invited(self) -> tuple[str, str]:
        """Return an account and the token of its invitation."""
        added = accounts.add_account(self.service.archive, "operator", "A. Jones", {Role.PRACTITIONER})
        return added.account, added.token


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    with OpenIdProvider("set below").running() as openid:
        yield openid


@pytest.fixture
def site(tmp_path: Path, openid: OpenIdProvider) -> Iterator[Site]:
    with listening_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        service = Service(tmp_path, Agency())
        site = Site(service, port)
        openid.page, openid.clock = f"{site.origin}/provider", service.clock
        service.app = create_app(
            eraser=service.eraser,
            origin=Origin(site.origin),
            provider=_provider(openid, site, service.clock),
        )
        for path in ("/", "/provider"):
            service.app.add_api_route(path, lambda: HTMLResponse(PAGE), include_in_schema=False)
        with _served(service, listening):
            yield site


def _provider(openid: OpenIdProvider, site: Site, clock: Clock) -> Provider:
    return Provider(ProviderSettings(openid.issuer, CLIENT, Path("unread")), SECRET, Origin(site.origin), clock)


@contextmanager
def _served(service: Service, listening: Any) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(service.app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def browser(tmp_path: Path, site: Site) -> Iterator[Chromium]:
    with chromium(tmp_path) as browser:
        browser.open(site.origin)
        yield browser


def test_a_passkey_is_registered_by_invitation_and_signs_in_without_a_name(site: Site, browser: Chromium) -> None:
    browser.add_authenticator()
    account, token = site.invited()
    assert browser.run(f"register('{token}')") == {"enabled": True}, "a key can be derived from the passkey, for later"
    assert browser.run("who()")["account"] == account
    browser.run("signOut()")
    with pytest.raises(JavaScriptError, match="sign-in-needed"):
        browser.run("who()")
    first = browser.run("signIn()")
    assert browser.run("who()")["account"] == account
    assert browser.run("signIn()") == first, "the derived key is the same each time"
    assert len(first) == 32
    (listed,) = browser.run("send('GET', 'staff/passkeys')")
    assert listed["used_at"] is not None


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site, browser: Chromium) -> None:
    browser.add_authenticator()
    browser.run(f"register('{site.invited()[1]}')")
    assert browser.run("document.cookie") == ""
    (cookie,) = browser.call("Network.getCookies")["cookies"]
    assert (cookie["name"], cookie["path"], cookie["session"]) == ("__Host-attune", "/", True)
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    browser.open(site.other_origin)  # another site, as far as browsers know
    before = site.refused("wrong-origin")
    for method, path in (("GET", "session"), ("POST", "sign-in/options")):
        how = f"{{method: '{method}', mode: 'no-cors', credentials: 'include'}}"
        assert browser.run(f"fetch('{site.origin}/v1/staff/{path}', {how}).then(answer => answer.type)") == "opaque"
    assert site.refused("wrong-origin") == before + 2
    with pytest.raises(JavaScriptError, match="wrong-origin"):
        browser.run("send('POST', 'staff/sign-in/options')")
    browser.open(site.origin)
    assert browser.run("who()")["name"] == "A. Jones"


def test_a_browser_makes_no_second_passkey_on_the_same_authenticator(site: Site, browser: Chromium) -> None:
    first = browser.add_authenticator()
    browser.run(f"register('{site.invited()[1]}')")
    with pytest.raises(JavaScriptError, match="InvalidStateError"):
        browser.run("registerAnother('again')")
    (kept,) = browser.call("WebAuthn.getCredentials", authenticatorId=first)["credentials"]
    assert kept["isResidentCredential"]
    browser.call("WebAuthn.removeVirtualAuthenticator", authenticatorId=first)
    browser.add_authenticator()
    browser.run("registerAnother('phone')")
    assert {one["name"] for one in browser.run("send('GET', 'staff/passkeys')")} == {"laptop", "phone"}
    browser.run("signOut()")
    browser.run("signIn()")
    assert browser.run("who()")["name"] == "A. Jones"


def test_whoever_is_not_verified_by_the_authenticator_signs_in_nowhere(site: Site, browser: Chromium) -> None:
    authenticator = browser.add_authenticator()
    browser.run(f"register('{site.invited()[1]}')")
    browser.run("signOut()")
    browser.call("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=False)
    with pytest.raises(JavaScriptError, match="NotAllowedError"):
        browser.run("signIn()")


def test_a_copied_passkey_is_refused_by_its_counter(site: Site, browser: Chromium) -> None:
    authenticator = browser.add_authenticator()
    browser.run(f"register('{site.invited()[1]}')")
    (copied,) = browser.call("WebAuthn.getCredentials", authenticatorId=authenticator)["credentials"]
    browser.run("signIn()")
    browser.call("WebAuthn.clearCredentials", authenticatorId=authenticator)
    browser.call("WebAuthn.addCredential", authenticatorId=authenticator, credential=copied)
    with pytest.raises(JavaScriptError, match="passkey-refused"):
        browser.run("signIn()")


def test_the_provider_of_another_site_signs_in_with_strict_cookies(
    site: Site, browser: Chromium, openid: OpenIdProvider
) -> None:
    account, token = site.invited()
    for content in ("{invitation: '" + token + "'}", "{}"):
        browser.run(f"void goToProvider({content})")
        wait_until(lambda: bool(browser.run("location.pathname == '/provider' && document.readyState == 'complete'")))
        browser.run("returned")
        assert browser.run("who()")["account"] == account
        browser.run("signOut()")
        browser.open(site.origin)
    assert sum("/authorize" in path for path in openid.asked) == 2
