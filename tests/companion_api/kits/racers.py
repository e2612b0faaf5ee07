"""Eight requests for one object at the same moment, through whichever services share the store and the database."""

import asyncio
from collections import Counter
from itertools import cycle

import httpx

from companion_api.audit.trail import Entry, entries
from tests.companion_api.builders import Kit, Service, check_documented
from tests.footage.builders import sha256

RACERS = 8
FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
PART, KEY = f"/v1/films/{FILM}/parts/0", f"/v1/films/{FILM}/key"
OBJECTS = {PART: f"films/{FILM}/parts/00000", KEY: f"films/{FILM}/film.key"}


def race(services: list[Service], path: str, bodies: list[bytes]) -> list[httpx.Response]:
    """Send all bodies to one path at once, to each service in turn."""
    chosen = [service for service, _ in zip(cycle(services), bodies, strict=False)]
    kits = {id(service): Kit(service).begin() for service in services}
    headers = [kits[id(service)].headers("PUT", path, body) for service, body in zip(chosen, bodies, strict=True)]

    async def send_all() -> list[httpx.Response]:
        transports = {id(service): httpx.ASGITransport(service.app, raise_app_exceptions=False) for service in services}
        clients = {
            key: httpx.AsyncClient(transport=transport, base_url="http://testserver")
            for key, transport in transports.items()
        }
        try:
            racers = zip(chosen, headers, bodies, strict=True)
            return await asyncio.gather(
                *(clients[id(service)].put(path, headers=head, content=body) for service, head, body in racers)
            )
        finally:
            for client in clients.values():
                await client.aclose()

    answers = asyncio.run(send_all())
    for service, answer in zip(chosen, answers, strict=True):
        check_documented(service.app, answer)
    return answers


def refused(service: Service) -> list[Entry]:
    """What the trail says of bytes that were refused."""
    with service.archive.database.reading() as connection:
        return [entry for entry in entries(connection) if entry.action == "other bytes refused"]


def check_same_bytes(services: list[Service], path: str) -> None:
    """One stores, the others learn that it is there, and nothing is told of."""
    answers = race(services, path, [b"the same"] * RACERS)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: RACERS - 1}
    assert services[0].store.get(OBJECTS[path]) == b"the same"
    assert refused(services[0]) == []


def check_different_bytes(services: list[Service], path: str) -> None:
    """One wins, the others get 409, and the trail has the loss once: however often they come again."""
    bodies = [f"bytes of racer {number}".encode() for number in range(RACERS)]
    answers = race(services, path, bodies)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: RACERS - 1}
    (winner,) = (body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201)
    assert services[0].store.get(OBJECTS[path]) == winner
    (entry,) = refused(services[0])
    assert (entry.actor, entry.subject) == (f"kit:{services[0].agency.kit}", f"film:{FILM}")
    assert entry.detail["object"] == OBJECTS[path]
    assert entry.detail["sha256"] in {sha256(body) for body in bodies if body != winner}
    again = race(services, path, bodies)
    assert Counter(answer.status_code for answer in again) == {200: 1, 409: RACERS - 1}
    assert refused(services[0]) == [entry]
