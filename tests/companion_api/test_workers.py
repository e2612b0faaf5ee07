"""Several workers on one data folder, as processes of their own."""

import json
import os
import pickle
import re
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from companion_api.service import NotStarted, listening_socket
from companion_api.workers import SharedAddress
from tests.companion_api.test_command import Installation, put_film
from tests.footage.builders import Agency, Film, make_film
from tests.rigs.rig_stack import wait_until


@pytest.fixture
def installation(tmp_path: Path, agency: Agency) -> Installation:
    installation = Installation(tmp_path, agency)
    installation.settings["COMPANION_API_WORKERS"] = "2"
    return installation


def _two_workers(parent: int, without: int = 0) -> list[int]:
    """Wait until there are two workers, and return their process ids."""
    deadline = time.monotonic() + 30
    while True:
        children = [child for child in psutil.Process(parent).children() if child.pid != without]
        workers = [child.pid for child in children if any("spawn_main" in word for word in child.cmdline())]
        if len(workers) == 2:
            return workers
        assert time.monotonic() < deadline, "there are no two workers"
        time.sleep(0.1)


def _counted(url: str) -> float:
    text = httpx.get(f"{url}/metrics", timeout=60).text
    counts = re.findall(r'^attune_request_seconds_count\{.*route="/healthz".*\} (\S+)$', text, re.MULTILINE)
    return sum(map(float, counts))


def test_workers_share_sessions_films_and_counts(installation: Installation, agency: Agency) -> None:
    with installation.running() as (url, process):
        _two_workers(process.pid)
        for _ in range(4):
            with httpx.Client(timeout=60) as client:  # a connection of its own: it may meet the other worker
                film = make_film(agency)
                assert {answer.status_code for answer in put_film(client, agency, url, film)} == {201}
        for _ in range(10):
            httpx.get(f"{url}/healthz", timeout=60)
        assert _counted(url) == 10
        for _ in range(4):
            told = httpx.get(f"{url}/metrics", timeout=60).text
            assert told.count("\nattune_kit_last_seen_timestamp_seconds{") == 1, "what is read is told once"


def test_connections_that_come_at_once_are_dealt_out(installation: Installation) -> None:
    with installation.running() as (url, process), ExitStack() as connections:
        port = int(url.rpartition(":")[2])
        for _ in range(40):
            connections.enter_context(socket.create_connection(("127.0.0.1", port)))
        workers = [psutil.Process(worker) for worker in _two_workers(process.pid)]

        def accepted() -> list[int]:
            theirs = [worker.net_connections("tcp4") for worker in workers]
            return [sum(each.status == psutil.CONN_ESTABLISHED for each in its) for its in theirs]

        wait_until(lambda: sum(accepted()) == 40)
        assert min(accepted()) > 0, "one worker took them all"


def test_an_address_that_workers_share_is_for_them_alone() -> None:
    with SharedAddress.instead_of(listening_socket("127.0.0.1", 0)) as address:
        workers = [pickle.loads(pickle.dumps(address)) for _ in range(2)]  # as they get it
        with workers[0], workers[1], pytest.raises(NotStarted, match="can't be listened on"):
            listening_socket(*address.getsockname())


def test_an_answer_that_was_lost_is_soon_repeated() -> None:
    tcp_rto_max_ms = 44  # linux/tcp.h
    with listening_socket("127.0.0.1", 0) as listening:
        try:
            listening.getsockopt(socket.IPPROTO_TCP, tcp_rto_max_ms)
        except OSError:
            pytest.skip("needs Linux 6.15")
        _assert_accepts(listening, tcp_rto_max_ms)
        with SharedAddress.instead_of(listening) as address, pickle.loads(pickle.dumps(address)) as worker:
            _assert_accepts(worker, tcp_rto_max_ms)


def _assert_accepts(listening: socket.socket, option: int) -> None:
    with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, option) == 4_000


def test_a_worker_that_dies_is_replaced(installation: Installation, agency: Agency, film: Film) -> None:
    with installation.running() as (url, process):
        victim = _two_workers(process.pid)[0]
        os.kill(victim, signal.SIGKILL)
        _two_workers(process.pid, without=victim)
        with httpx.Client(transport=httpx.HTTPTransport(retries=3), timeout=60) as client:
            assert {answer.status_code for answer in put_film(client, agency, url, film)} == {201}


def test_the_log_is_json_when_asked(installation: Installation, agency: Agency, film: Film) -> None:
    installation.settings["COMPANION_API_LOG"] = "json"
    with installation.running() as (url, process), httpx.Client(timeout=60) as client:
        put_film(client, agency, url, film)
        client.get(f"{url}/nowhere")
        process.terminate()
        process.wait(40)
    lines = [json.loads(line) for line in installation.log.read_text().splitlines()]
    (closed,) = [line for line in lines if film.film in line["message"]]
    assert {"time", "level", "logger", "process"} <= closed.keys()
    (refused,) = [line for line in lines if line.get("code") == "not-found"]
    assert (refused["status"], refused["method"], refused["path"]) == (404, "GET", "/nowhere")
