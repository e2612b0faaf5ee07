"""Random tokens that open something: whoever holds one has it, and the database holds its SHA-256 only."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits, 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(32)


def token_sha256(token: str) -> str:
    """Return what the database holds of a token, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
