"""Messages as RFC 5424 has them, read back by a parser written from its grammar, and sent to real sockets."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from companion_api.audit.syslog import Address, AddressRefused, connected, message, parse_address
from companion_api.audit.trail import GENESIS, Entry, append, entries
from companion_api.service import Exit, NotStarted
from footage.keys import key_to_pem, new_key
from tests.companion_api.builders import Service
from tests.companion_api.command_line import run_command

NOW = "2026-11-20T10:00:00Z"
ENTRY = Entry(7, NOW, "kit:kit-0001", "receipt issued", "film:f", {"parts": 4}, GENESIS, "1" * 64)
_HEADER = re.compile(
    r"<(?P<priority>[0-9]{1,3})>1 (?P<at>\S+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128}) "
    r"(?P<id>[!-~]{1,32}) \[(?P<element>[^\s=\]\"]{1,32})(?P<data>(?: [^\s=\]\"]{1,32}=\"(?:[^\"\\\]]|\\.)*\")*)\] ",
    re.DOTALL,
)
_PARAMETER = re.compile(r' ([^\s=\]"]{1,32})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)


def _parsed(data: bytes) -> tuple[dict[str, str], dict[str, str], str]:
    """Return header, parameters and text of a message. The grammar is that of RFC 5424 section 6."""
    line = data.decode("utf-8")
    match = _HEADER.match(line)
    assert match, line
    values = {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in _PARAMETER.findall(match["data"])}
    return match.groupdict(), values, line[match.end() :]


def test_a_message_is_as_the_standard_has_it() -> None:
    assert message(ENTRY, "server.example").decode() == (
        '<110>1 2026-11-20T10:00:00Z server.example companion-api - receipt-issued [attune@32473 number="7" '
        'actor="kit:kit-0001" action="receipt issued" subject="film:f" detail="{\\"parts\\":4}" '
        f'previous="{"0" * 64}" hash="{"1" * 64}"] kit:kit-0001 receipt issued film:f'
    )


@settings(max_examples=50)
@given(actor=st.text(), action=st.text(), subject=st.text(), word=st.text(), host=st.text())
def test_whatever_an_entry_holds_is_one_message_that_reads_back(
    actor: str, action: str, subject: str, word: str, host: str
) -> None:
    entry = Entry(0, NOW, actor, action, subject, {"word": word}, GENESIS)
    data = message(entry, host)
    assert not re.search(rb"[\x00-\x1f]", data), "nothing can end the message or begin another"
    header, values, text = _parsed(data)
    assert (header["priority"], header["app"], header["element"]) == ("110", "companion-api", "attune@32473")
    assert msgspec.json.decode(values["detail"]) == {"word": word}
    for name, given_text in (("actor", actor), ("action", action), ("subject", subject)):
        assert values[name] == re.sub(r"[\x00-\x1f]", "\ufffd", given_text)
    assert text.isascii() or text.startswith("\ufeff")


def test_the_chain_can_be_verified_from_the_messages_alone(service: Service) -> None:
    _append(service, 3)
    with service.archive.database.reading() as connection:
        sent = [message(entry, "h") for entry in entries(connection)]
    before = GENESIS
    for data in sent:
        header, values, _ = _parsed(data)
        entry = Entry(
            int(values["number"]), header["at"], values["actor"], values["action"], values["subject"],
            msgspec.json.decode(values["detail"]), values["previous"],
        )  # fmt: skip
        assert (entry.previous, entry.computed_hash()) == (before, values["hash"])
        before = values["hash"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("udp://logs.example", Address("udp", "logs.example", 514)),
        ("tcp://[::1]:10514", Address("tcp", "::1", 10514)),
        ("tls://logs.example", Address("tls", "logs.example", 6514)),
        ("unix:///dev/log", Address("unix", "/dev/log", 0)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "logs.example", "http://logs.example", "udp://", "tcp://h:port", "tcp://h/path", "unix://dev/log"]
)
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(AddressRefused, match="tls://HOST:PORT"):
        parse_address(text)


def _append(service: Service, count: int) -> None:
    with service.archive.database.writing() as connection:
        for number in range(count):
            append(connection, NOW, "operator", "counted", f"film:{number}", word='é]\\"\n')


@contextmanager
def _stream_server(wrap: Callable[[socket.socket], socket.socket]) -> Iterator[tuple[int, list[bytes]]]:
    """Take one connection on loopback, and read octet-counted messages from it until its end."""
    received: list[bytes] = []

    def read(listening: socket.socket) -> None:
        plain = listening.accept()[0]
        with suppress(ssl.SSLError), plain, wrap(plain) as connection, connection.makefile("rb") as stream:
            while count := b"".join(iter(lambda: stream.read(1).strip(), b"")):
                received.append(stream.read(int(count)))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=read, args=(listening,))
        thread.start()
        yield listening.getsockname()[1], received
        thread.join()


def _certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1, and return the file that holds it and its key."""
    key, name = new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(datetime.now(UTC))
    builder = builder.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    file = folder / "server.pem"
    file.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + key_to_pem(key))
    return file


def test_a_tcp_server_gets_every_message_by_octet_counting(service: Service) -> None:
    _append(service, 3)
    with _stream_server(lambda plain: plain) as (port, received):
        run_command(service, "audit", "export", "--to", f"tcp://127.0.0.1:{port}")
    assert [_parsed(data)[1]["subject"] for data in received] == ["film:0", "film:1", "film:2"]


def test_a_tls_server_is_trusted_by_its_certificate_only(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _append(service, 2)
    file = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    wrap = partial(context.wrap_socket, server_side=True)
    with pytest.raises(NotStarted, match="CERTIFICATE_VERIFY_FAILED"), _stream_server(wrap) as (port, _):
        run_command(service, "audit", "export", "--to", f"tls://127.0.0.1:{port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with _stream_server(wrap) as (port, received):
        run_command(service, "audit", "export", "--to", f"tls://127.0.0.1:{port}")
    assert [_parsed(data)[1]["number"] for data in received] == ["0", "1"]


def test_a_datagram_a_message(service: Service, tmp_path: Path) -> None:
    _append(service, 2)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as over_ip,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local,
    ):
        over_ip.bind(("127.0.0.1", 0))
        local.bind(str(tmp_path / "log"))
        for server, address in (
            (over_ip, f"udp://127.0.0.1:{over_ip.getsockname()[1]}"),
            (local, f"unix://{tmp_path}/log"),
        ):
            server.settimeout(10)
            run_command(service, "audit", "export", "--to", address)
            assert [_parsed(server.recv(65536))[1]["number"] for _ in range(2)] == ["0", "1"]


def test_an_export_goes_on_where_the_last_one_ended(
    service: Service, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def exported(*arguments: str) -> list[str]:
        run_command(service, "audit", "export", *arguments)
        return [_parsed(line)[1]["number"] for line in capfdbinary.readouterr().out.splitlines()]

    cursor = tmp_path / "exported"
    _append(service, 2)
    assert exported("--cursor", str(cursor)) == ["0", "1"]
    assert exported("--cursor", str(cursor)) == []
    _append(service, 2)
    assert exported("--first", "3") == ["3"]
    assert exported("--cursor", str(cursor)) == ["2", "3"]
    cursor.write_text("four")
    with pytest.raises(NotStarted, match="Remove it"):
        exported("--cursor", str(cursor))


def test_a_server_that_does_not_listen_is_named_and_the_cursor_stays(service: Service, tmp_path: Path) -> None:
    _append(service, 1)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    cursor = tmp_path / "exported"
    with pytest.raises(NotStarted, match="Entry 0 and later could not be sent") as refused:
        run_command(service, "audit", "export", "--to", f"tcp://127.0.0.1:{port}", "--cursor", str(cursor))
    assert refused.value.exit_code == Exit.DESTINATION_UNUSABLE
    assert not cursor.exists()


def test_connecting_to_nobody_leaves_no_socket(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), connected(Address("unix", str(tmp_path / "none"), 0)):
        pass
