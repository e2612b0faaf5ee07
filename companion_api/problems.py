"""Every refusal of the service by name, one table; answered as RFC 9457 problem details."""

from typing import NamedTuple

TYPE_PREFIX = "urn:attune-kit:problem:"
MEDIA_TYPE = "application/problem+json"


class Problem(NamedTuple):
    """A kind of refusal: stable code, HTTP status, title for people."""

    code: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The problem type, a URN that is a name and no address."""
        return TYPE_PREFIX + self.code


# who is asking
REQUEST_FORGED = Problem("request-forged", 401, "The request is not signed by the kit that it names")
SESSION_EXPIRED = Problem("session-expired", 401, "The session's nonce is missing, too old, or not of this service")
KIT_UNKNOWN = Problem("kit-unknown", 403, "The directory does not list the kit")
KIT_REVOKED = Problem("kit-revoked", 403, "The kit is revoked")
KIT_MISMATCH = Problem("kit-mismatch", 403, "The request names another kit than its signature or token")
TOKEN_UNKNOWN = Problem("token-unknown", 403, "No enrolment has this token")
TOKEN_USED = Problem("token-used", 403, "Another key has used the enrolment token")
TOKEN_EXPIRED = Problem("token-expired", 403, "The enrolment token has expired")
KIT_TAKEN = Problem("kit-taken", 409, "The kit's name belongs to another key")
FILM_OF_OTHER_KIT = Problem("film-of-other-kit", 403, "The film belongs to another kit")
SIGN_IN_NEEDED = Problem("sign-in-needed", 401, "Nobody is signed in, or no longer")
SIGN_IN_NOT_FRESH = Problem("sign-in-not-fresh", 403, "The person signed in too long ago for this")
WRONG_ORIGIN = Problem("wrong-origin", 403, "A page of another origin asks")
NOT_ALLOWED = Problem("not-allowed", 403, "Your roles do not allow this")
CEREMONY_OVER = Problem("ceremony-over", 403, "What the browser was asked is too old, answered, or of another browser")
INVITATION_OVER = Problem("invitation-over", 403, "The invitation was used or replaced, or has expired")
PASSKEY_REFUSED = Problem("passkey-refused", 403, "The passkey's answer is not what it was asked for")
PROVIDER_REFUSED = Problem("provider-refused", 403, "The OpenID provider did not tell who this is")
LINK_UNKNOWN = Problem("link-unknown", 403, "No account is linked to this person of the OpenID provider")
UNKNOWN_TO_YOU = Problem("unknown-to-you", 404, "There is no such thing, or it is not for you")
# what came
BODY_INCOMPLETE = Problem("body-incomplete", 400, "The body has not the length that was announced")
UPLOAD_STALLED = Problem("upload-stalled", 408, "No byte of the body came for too long")
UPLOAD_TOO_SLOW = Problem("upload-too-slow", 408, "The body came too slowly")
BODY_TOO_LARGE = Problem("body-too-large", 413, "The body is larger than this request may be")
BODY_EMPTY = Problem("body-empty", 422, "The body is empty")
DIGEST_MISMATCH = Problem("digest-mismatch", 422, "The body is not the one that Content-Digest tells of")
RANGE_INVALID = Problem("range-invalid", 422, "Content-Range or Repr-Digest is not of its form, or not of this body")
MESSAGE_MALFORMED = Problem("message-malformed", 422, "The manifest has not the form of a manifest")
MANIFEST_FORGED = Problem("manifest-forged", 422, "The manifest is not signed by the kit that it names")
WRONG_FILM = Problem("wrong-film", 422, "The manifest is of another film than the path")
WRONG_KIT = Problem("wrong-kit", 422, "The manifest is of another kit than the request")
REQUEST_INVALID = Problem("request-invalid", 422, "A value in the path or the body is not of its form")
HEAD_STALLED = Problem("head-stalled", 408, "The head of the request did not come in time")
HEAD_TOO_LARGE = Problem("head-too-large", 431, "The head of the request is too large")
REQUEST_MALFORMED = Problem("request-malformed", 400, "This is no request of HTTP/1.1")
ACCOUNT_UNFIT = Problem("account-unfit", 422, "The account is not one that this can be done for")
EXPIRY_UNFIT = Problem("expiry-unfit", 422, "The share would end in the past, or too late")
HEADER_INVALID = Problem("header-invalid", 422, "The wrapped key is not an age file")
ARMORED_FILE = Problem("armored-file", 422, "The wrapped key is ASCII-armored")
RECIPIENT_INVALID = Problem("invalid-recipient", 422, "This is not a post-quantum recipient")
# what is held
FILM_UNKNOWN = Problem("film-unknown", 404, "Nothing was ever received of this film")
CASE_UNKNOWN = Problem("case-unknown", 404, "There is no such case")
ACCOUNT_UNKNOWN = Problem("account-unknown", 404, "There is no such account")
PASSKEY_UNKNOWN = Problem("passkey-unknown", 404, "No account has this passkey")
PROVIDER_NOT_SET = Problem("provider-not-set", 404, "The agency signs in without an OpenID provider")
SESSION_UNKNOWN = Problem("session-unknown", 404, "The person has no such session")
PART_UNKNOWN = Problem("part-unknown", 404, "The film has no such part")
KEY_NOT_SHARED = Problem("key-not-shared", 404, "No key of this film was made for you")
NOT_ERASED = Problem("not-erased", 404, "The film has no erasure certificate")
RECEIPT_NOT_YET = Problem("receipt-not-yet", 404, "The film has no receipt")
PART_DIFFERS = Problem("part-differs", 409, "Other bytes are held as this part")
KEY_DIFFERS = Problem("key-differs", 409, "Another film.key is held")
MANIFEST_DIFFERS = Problem("manifest-differs", 409, "The film is closed by another manifest")
PARTS_MISSING = Problem("parts-missing", 409, "Not all that the manifest lists is held")
FILM_OPEN = Problem("film-open", 409, "The film has no receipt yet, so no kit may erase it")
FILM_CLOSED = Problem("film-closed", 409, "The film is closed and takes nothing new")
TAKE_BACK_TOO_LATE = Problem("take-back-too-late", 409, "The film was closed too long ago for the kit to take it back")
FILM_HELD = Problem("film-held", 409, "The film is under a legal hold and can't be erased yet")
HOLD_NEEDS_ANOTHER = Problem("hold-needs-another", 409, "A legal hold begins and ends by two people")
HOLD_STANDS = Problem("hold-stands", 409, "Nobody has asked for the end of the legal hold")
HOLD_ENDED = Problem("hold-ended", 409, "The legal hold has ended")
OWN_ACCOUNT = Problem("own-account", 409, "Nobody changes their own account")
ACCOUNT_DEACTIVATED = Problem("account-deactivated", 409, "The account is deactivated for good")
PASSKEY_KNOWN = Problem("passkey-known", 409, "The passkey is registered already")
LAST_PASSKEY = Problem("last-passkey", 409, "Without this passkey the person could not sign in any more")
LINK_TAKEN = Problem("link-taken", 409, "This person of the OpenID provider, or the account, is linked already")
CASE_TAKEN = Problem("case-taken", 409, "Another case has this code")
RECIPIENT_TAKEN = Problem("recipient-taken", 409, "Another account has asked with this recipient")
RECIPIENT_ADMITTED = Problem("recipient-admitted", 409, "The directory lists the recipient")
FILM_TAKEN_BACK = Problem("film-taken-back", 410, "The family has taken the film back")
FILM_ERASED = Problem("film-erased", 410, "The agency has erased the film")
# the service itself
PROVIDER_FAILED = Problem(
    "provider-failed", 502, "The OpenID provider can't be reached, or does not keep to its protocol"
)
STORE_FAILED = Problem("store-failed", 503, "The store or the database failed")
RECEIPT_KEY_UNLISTED = Problem("receipt-key-unlisted", 503, "The directory does not list the service's receipt key")
NOT_READY = Problem("not-ready", 503, "The service can't take in films now")
TOO_BUSY = Problem("too-busy", 503, "Too many uploads are under way")
STORE_FULL = Problem("store-full", 507, "The store is full")
NOT_FOUND = Problem("not-found", 404, "There is no such request")
METHOD_NOT_ALLOWED = Problem("method-not-allowed", 405, "This path takes other methods")
INTERNAL_ERROR = Problem("internal-error", 500, "The service has a fault")

PROBLEMS = tuple(value for value in list(globals().values()) if isinstance(value, Problem))
BY_CODE = {problem.code: problem for problem in PROBLEMS}


class Refusal(Exception):
    """A request that is refused. `detail` tells the reader the next step; `members` are the problem's own."""

    def __init__(self, problem: Problem, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.members = members


def problem_details(problem: Problem, detail: str, **members: object) -> dict[str, object]:
    """Return the problem as the object of RFC 9457, section 3."""
    return {"type": problem.type, "title": problem.title, "status": problem.status, "detail": detail, **members}
