"""SIGTERM under load: every request is finished or refused, what was acknowledged is whole, nothing is half."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.companion_api.test_command import Installation, session, signed
from tests.footage.builders import Agency, make_film
from tests.rigs.rig_stack import wait_until

pytestmark = pytest.mark.rig
CLIENTS = 8
PART_SIZE = 300_000


@dataclass
class Client:
    """Sends parts of one film until the service is gone."""

    agency: Agency
    url: str
    film: str
    acknowledged: dict[int, str] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)

    def send_until_gone(self) -> None:
        with httpx.Client(timeout=30) as client:
            nonce = session(client, self.agency, self.url)
            for number in range(10_000):
                body = number.to_bytes(4, "big") * (PART_SIZE // 4)
                path = f"/v1/films/{self.film}/parts/{number}"
                try:
                    answer = client.send(signed(self.agency, "PUT", self.url, path, nonce, body))
                except httpx.TransportError:
                    return
                self.answers.append(answer.status_code)
                if answer.status_code == 201:
                    self.acknowledged[number] = hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_half_when_the_service_ends_under_load(tmp_path: Path, workers: int) -> None:
    agency = Agency()
    installation = Installation(tmp_path, agency)
    installation.settings["COMPANION_API_WORKERS"] = str(workers)
    with installation.running() as (url, process), ThreadPoolExecutor(CLIENTS + 1) as threads:
        clients = [Client(agency, url, make_film(agency).film) for _ in range(CLIENTS)]
        running = [threads.submit(client.send_until_gone) for client in clients]
        wait_until(lambda: all(client.acknowledged for client in clients))
        slow = threads.submit(_send_slowly, agency, url, make_film(agency).film)
        time.sleep(2)
        process.terminate()  # in the middle of it all; `running` demands a clean end
        for client in running:
            client.result(60)
        assert slow.result(60) == 201, "a part under way is taken to its end"
        assert process.wait(40) == 0
    assert {status for client in clients for status in client.answers} <= {201, 503}
    _compare(installation, agency, clients)


def _send_slowly(agency: Agency, url: str, film: str) -> int:
    """Send a part that is still under way when the end comes; return the answer's status."""
    body = bytes(50_000)

    def dribbled() -> object:
        for start in range(0, len(body), 5000):
            time.sleep(0.6)
            yield body[start : start + 5000]

    with httpx.Client(timeout=30) as client:
        whole = signed(agency, "PUT", url, f"/v1/films/{film}/parts/0", session(client, agency, url), body)
        headers = {name: value for name, value in whole.headers.items() if name != "transfer-encoding"}
        request = httpx.Request("PUT", whole.url, headers=headers, content=dribbled())  # type: ignore[arg-type]
        return client.send(request).status_code


def _compare(installation: Installation, agency: Agency, clients: list[Client]) -> None:
    """What was acknowledged is listed, and what is listed is stored whole."""
    with installation.running() as (url, _), httpx.Client() as http:
        nonce = session(http, agency, url)
        for client in clients:
            answer = http.send(signed(agency, "GET", url, f"/v1/films/{client.film}/parts", nonce))
            listed = {part["number"]: part["sha256"] for part in answer.json()["parts"]}
            assert client.acknowledged.items() <= listed.items()
            folder = installation.data / "store" / "films" / client.film / "parts"
            stored = {int(file.name): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
            assert stored == listed
