"""What systemd is told, received on real sockets as it makes them."""

import logging
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from device import notify


@pytest.fixture(params=["a path", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The receiving end, as systemd makes it."""
    abstract = request.param == "an abstract name"
    name = f"attune-kit-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name if abstract else name)
        receiver.settimeout(10)
        monkeypatch.setenv(notify.VARIABLE, "@" + name if abstract else name)
        yield receiver


def test_each_word_is_one_datagram(manager: socket.socket) -> None:
    notify.ready()
    notify.alive()
    notify.stopping()
    assert [manager.recv(4096) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_status_goes_along_and_is_one_line(manager: socket.socket) -> None:
    notify.ready("ready\nWATCHDOG_USEC=1\n2 films wait")
    assert manager.recv(4096) == b"READY=1\nSTATUS=ready WATCHDOG_USEC=1 2 films wait"


def test_a_manager_that_does_not_read_holds_nobody_up(manager: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(10_000):  # Linux queues max_dgram_qlen, 10 or some hundred
            notify.alive()
            if caplog.records:
                break
    assert "WATCHDOG=1" in caplog.text


def test_a_manager_that_is_gone_is_logged_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(notify.VARIABLE, str(tmp_path / "gone"))
    notify.ready()
    assert "READY=1" in caplog.text


def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delenv(notify.VARIABLE, raising=False)
    notify.ready()
    assert not caplog.records
