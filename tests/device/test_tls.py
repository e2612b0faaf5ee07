"""Whom a kit believes, with real handshakes: its own authority, and nobody else's."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from device.errors import ConfigInvalid
from device.tls import tls_context
from tests.certificates import HERE, Authority


def shaken(client: ssl.SSLContext, server: ssl.SSLContext) -> str | None:
    """Return the version of TLS that two sides agree on. Raises what the client raises."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=HERE) as connection:
            return connection.version()
    finally:
        ours.close()
        thread.join()


@pytest.fixture
def authority() -> Authority:
    return Authority()


def test_the_pinned_authority_is_believed(authority: Authority, tmp_path: Path) -> None:
    assert shaken(tls_context(authority.file(tmp_path)), authority.server(tmp_path)) == "TLSv1.3"


def test_another_authority_is_not_though_it_has_the_same_name(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(tls_context(authority.file(tmp_path)), Authority().server(tmp_path))


def test_the_systems_store_does_not_count_where_one_is_pinned(authority: Authority, tmp_path: Path) -> None:
    assert tls_context(authority.file(tmp_path)).cert_store_stats()["x509"] == 1


def test_the_systems_store_does_where_none_is(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(tls_context(None), authority.server(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file(tmp_path)))  # as if it were installed there
    assert shaken(tls_context(None), authority.server(tmp_path))


def test_two_authorities_may_be_pinned_while_one_follows_the_other(authority: Authority, tmp_path: Path) -> None:
    next_one = Authority("The next authority")
    both = tmp_path / "both.pem"
    both.write_text(f"Our authority, and the one from March on:\n{authority.pem}\n{next_one.pem}")
    for one in (authority, next_one):
        assert shaken(tls_context(both), one.server(tmp_path))


@pytest.mark.parametrize(("begins", "ends"), [(-2, -1), (1, 2)])
def test_time_is_checked_unless_it_is_unknown(authority: Authority, tmp_path: Path, begins: int, ends: int) -> None:
    file, server = authority.file(tmp_path), authority.server(tmp_path, begins=begins, ends=ends)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(tls_context(file), server)
    assert shaken(tls_context(file, check_time=False), server)


@pytest.mark.parametrize("host", ["127.0.0.2", "portal.example"])
def test_without_a_time_names_and_signers_are_checked(authority: Authority, tmp_path: Path, host: str) -> None:
    timeless = tls_context(authority.file(tmp_path), check_time=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(timeless, authority.server(tmp_path, host))
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(timeless, Authority().server(tmp_path))


def test_old_versions_of_tls_are_not_spoken(authority: Authority, tmp_path: Path) -> None:
    server = authority.server(tmp_path)
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shaken(tls_context(authority.file(tmp_path)), server) == "TLSv1.2"
    assert tls_context(None).minimum_version is ssl.TLSVersion.TLSv1_2


def test_keys_of_connections_are_not_written_for_whoever_sets_a_variable(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    shaken(tls_context(authority.file(tmp_path)), authority.server(tmp_path))
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_authority_that_is_none_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigInvalid, match=r"authority\.pem.*Copy it there anew"):
        tls_context(file)
