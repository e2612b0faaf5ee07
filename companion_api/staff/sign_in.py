"""Who is signed in: the cookie of a session, and the origin of every request that changes something.

A browser sends the cookie to no page of another site (SameSite=Strict). Pages of the same site, and whatever a browser
gets wrong, are kept out by what it tells of the page that asks: `Origin` and `Sec-Fetch-Site` can't be set by scripts.
Source: OWASP, Cross-Site Request Forgery Prevention, "Verifying Origin With Standard Headers" and "Fetch Metadata".
"""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie
from sqlalchemy import Connection

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.problems import Refusal
from companion_api.staff.account_rows import Account, AccountRows
from companion_api.staff.person import Person
from companion_api.staff.staff_sessions import Found, StaffSessions

COOKIE = "__Host-attune"  # the prefix makes browsers demand Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3)
SAFE_METHODS = frozenset({"GET", "HEAD"})

FROM_OUR_PAGES = (p.WRONG_ORIGIN, p.REQUEST_INVALID, p.INTERNAL_ERROR)  # what every request with … can end in
SIGNED_IN = (*FROM_OUR_PAGES, p.SIGN_IN_NEEDED, p.STORE_FAILED, p.STORE_FULL)

_cookie = APIKeyCookie(name=COOKIE, scheme_name="Session of staff", auto_error=False)


def session_of(archive: Archive, token: str) -> Found:
    """Return the session with a token, and note its use. Raises `Refusal` if there is none or it is over."""
    with archive.database.reading() as connection:
        found = StaffSessions(connection, archive.clock()).find(token)
    if found is None:
        raise Refusal(p.SIGN_IN_NEEDED, "The session is over. Sign in again.")
    if found.stale:
        with archive.database.writing() as connection:
            StaffSessions(connection, archive.clock()).note_use(found.session.session)
    return found


def active_account(connection: Connection, account: str) -> Account:
    """Return an account with which somebody may sign in, and keep it from being changed. Raises `Refusal`."""
    row = AccountRows(connection).account_to_change(account)
    if row is None or not row.active:
        raise Refusal(p.ACCOUNT_DEACTIVATED, "Ask IT for a new account.")
    return row


def begin_session(archive: Archive, connection: Connection, account: str, by: str, instead_of: str) -> str:
    """Begin a session and return its token; `by` what they signed in. It replaces the browser's old one."""
    token = StaffSessions(connection, archive.clock()).begin(account, instead_of)
    append(connection, archive.timestamp(), f"staff:{account}", "signed in", f"account:{account}", by=by)
    return token


def set_session_cookie(response: Response, token: str) -> None:
    """Let the browser keep the session until it is closed."""
    response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict", path="/")


def clear_session_cookie(response: Response) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")


async def _from_our_pages(request: Request, response: Response, agency: TheAgency) -> None:
    """Raise `Refusal` for a request that was made by a page of another origin."""
    safe = request.method in SAFE_METHODS
    site = request.headers.get("sec-fetch-site", "same-origin")  # absent in old browsers and over plain HTTP
    told = site == "same-origin" or (safe and site == "none")  # none: the address bar
    if not (told and (safe or request.headers.get("origin") == agency.origin.text)):
        raise Refusal(p.WRONG_ORIGIN, f"Use the pages of {agency.origin.text}.")
    response.headers["Cache-Control"] = "no-store"


FromOurPages = Annotated[None, Depends(_from_our_pages)]


async def _found(agency: TheAgency, token: Annotated[str | None, Depends(_cookie)], _: FromOurPages) -> Found:
    if not token:
        raise Refusal(p.SIGN_IN_NEEDED, "Sign in first.")
    return await agency.in_storage_thread(session_of, agency.archive, token)


async def _old_session(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


InSession = Annotated[Found, Depends(_found)]
OldSession = Annotated[str, Depends(_old_session)]  # a sign-in replaces it, whosever it was


async def _person(found: InSession) -> Person:
    return found.person


SignedIn = Annotated[Person, Depends(_person)]
