"""What is asked of passkeys, and whether their answers are good. Pure; the checks themselves are py_webauthn's.

Source: Web Authentication Level 3, sections 7.1 and 7.2. Passkeys are discoverable, so that nobody types a name, and
verify their user (by finger, face or PIN), so that one is two factors. Attestation is not asked for: it would tell of
people's devices. Extensions may come along; a page that wants `prf` adds it to these options by itself.
"""

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from companion_api.problems import PASSKEY_REFUSED, Refusal
from companion_api.staff.account_rows import Account
from companion_api.staff.origin import Origin
from companion_api.staff.passkey_rows import CREDENTIAL_LENGTH, Passkey

T = TypeVar("T")
_log = logging.getLogger(__name__)
_RP_NAME = "Attune Kit"
_MILLISECONDS = 5 * 60 * 1000  # for a person to find their key


class NewPasskey(NamedTuple):
    """What a browser has made: credential id (base64url), COSE public key, signature counter."""

    credential: str
    public_key: bytes
    sign_count: int


def creation_options(origin: Origin, account: Account, passkeys: Iterable[Passkey], challenge: str) -> dict[str, Any]:
    """Return `PublicKeyCredentialCreationOptionsJSON` for a passkey that the account does not have yet."""
    options = webauthn.generate_registration_options(
        rp_id=origin.host,
        rp_name=_RP_NAME,
        user_id=uuid.UUID(account.account).bytes,
        user_name=account.name,
        challenge=base64url_to_bytes(challenge),
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential)) for passkey in passkeys
        ],
    )
    return options_to_json_dict(options)


def request_options(origin: Origin, challenge: str) -> dict[str, Any]:
    """Return `PublicKeyCredentialRequestOptionsJSON` for any passkey of ours."""
    options = webauthn.generate_authentication_options(
        rp_id=origin.host,
        challenge=base64url_to_bytes(challenge),
        timeout=_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def check_new(answer: dict[str, Any], origin: Origin, challenge: str) -> NewPasskey:
    """Return the passkey that a browser's `RegistrationResponseJSON` tells of. Raises `Refusal`."""

    def check() -> NewPasskey:
        credential = parse_registration_credential_json(answer)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=origin.host,
            expected_origin=origin.text,
            require_user_verification=True,
        )
        _check_frame(credential.response.client_data_json)
        name = bytes_to_base64url(verified.credential_id)
        if len(name) > CREDENTIAL_LENGTH or name != credential.id:
            raise ValueError("another credential id than the authenticator's")
        return NewPasskey(name, verified.credential_public_key, verified.sign_count)

    return _named(check)


def check_use(answer: dict[str, Any], origin: Origin, challenge: str, passkey: Passkey) -> int:
    """Return the new signature counter, if a browser's `AuthenticationResponseJSON` is by this passkey.

    Raises `Refusal`. A counter that did not go up is refused: the passkey may have been copied.
    """

    def check() -> int:
        credential = parse_authentication_credential_json(answer)
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=origin.host,
            expected_origin=origin.text,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
        _check_frame(credential.response.client_data_json)
        if credential.id != passkey.credential or credential.response.user_handle != uuid.UUID(passkey.account).bytes:
            raise ValueError("another account than the passkey's")
        return verified.new_sign_count

    return _named(check)


def _check_frame(client_data: bytes) -> None:
    if parse_client_data_json(client_data).cross_origin:
        raise ValueError("a page of another origin has this one in a frame")


def _named(check: Callable[[], T]) -> T:
    try:
        return check()
    except Exception as reason:  # malformed CBOR ends py_webauthn in KeyError, TypeError and more
        _log.info("a passkey's answer is refused: %.200r", str(reason))
        raise Refusal(PASSKEY_REFUSED, "Begin again, with a passkey of this service.") from None
