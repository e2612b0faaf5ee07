"""Signing in at the OpenID provider: who is linked to which account. Only an invitation makes a link."""

from sqlalchemy import Connection

from companion_api import problems as p
from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.problems import Refusal
from companion_api.staff.ceremonies import spend
from companion_api.staff.invitation_rows import Invitations
from companion_api.staff.link_rows import LinkRows, ProvidersPerson
from companion_api.staff.provider import AtProvider
from companion_api.staff.sign_in import active_account, begin_session
from companion_api.tokens import token_sha256


def check_invitation(archive: Archive, invitation: str) -> str:
    """Return the SHA-256 of an invitation's token. Raises `Refusal` if it is not good, `StoreFailed`."""
    sha256 = token_sha256(invitation)
    with archive.database.reading() as connection:
        Invitations(connection, archive.clock()).invited(sha256)
    return sha256


def sign_in_linked(archive: Archive, ceremony: AtProvider, person: ProvidersPerson, instead_of: str) -> str:
    """Sign in whom the provider has told of: return the session's token. Raises `Refusal`, `StoreFull`, ….

    Somebody of the provider who has no account is noted, so that IT can see who waits.
    """
    with archive.database.writing() as connection:
        spend(connection, archive.clock(), ceremony.challenge)
        invited = ceremony.invitation
        account = _link(archive, connection, invited, person) if invited else _linked(connection, person)
        if account is not None:
            return begin_session(archive, connection, account, "provider", instead_of)
        append(
            connection,
            archive.timestamp(),
            "service",
            "sign-in refused",
            "account:unknown",
            issuer=person.issuer,
            sub=person.subject,
        )
    raise Refusal(p.LINK_UNKNOWN, "Ask IT to invite you, and begin with the invitation.")


def _link(archive: Archive, connection: Connection, invitation: str, person: ProvidersPerson) -> str:
    invitations = Invitations(connection, archive.clock())
    account = invitations.invited(invitation)
    active_account(connection, account)
    invitations.use(invitation)
    if not LinkRows(connection).link(person, account, archive.timestamp()):
        raise Refusal(p.LINK_TAKEN, "Sign in without the invitation, or ask IT which account is linked to you.")
    append(
        connection,
        archive.timestamp(),
        f"staff:{account}",
        "provider linked",
        f"account:{account}",
        issuer=person.issuer,
        sub=person.subject,
    )
    return account


def _linked(connection: Connection, person: ProvidersPerson) -> str | None:
    links = LinkRows(connection)
    account = links.account(person)
    if account is None:
        return None
    active_account(connection, account)  # from here on nobody unlinks it
    return links.account(person)
