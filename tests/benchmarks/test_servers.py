import json
from pathlib import Path

from benchmarks import tus
from benchmarks.fleet import Bodies, Fleet
from benchmarks.load import send
from benchmarks.servers import companion_api, tuspyserver
from footage.receipt import read_receipt


def test_the_service_gives_a_fleet_receipts_for_whole_films(tmp_path: Path) -> None:
    fleet, bodies = Fleet(tmp_path, 2), Bodies([b"key", b"init", b"second"])
    with companion_api(tmp_path / "data", fleet) as server:
        fleet.begin_sessions(server.address)
        films = [kit.whole_film(bodies, 0, (1, 2)) for kit in fleet.kits]
        requests = [[*film, kit.have_list(kit.film)] for kit, (film, _) in zip(fleet.kits, films, strict=True)]
        load = send(server.address, requests, bodies.contents)
        assert server.cpu_seconds() > 0
        assert server.resident() > 1 << 20
    for kit, (_, manifest), answers in zip(fleet.kits, films, load.answers, strict=True):
        *_, receipt, have_list = (answer.body for answer in answers)
        read_receipt(receipt.decode(), fleet.directory, film=kit.film, manifest=manifest)
        assert [part["sha256"] for part in json.loads(have_list)["parts"]] == [bodies.sha256(1), bodies.sha256(2)]


def test_the_peer_keeps_what_is_uploaded_to_it(tmp_path: Path) -> None:
    with tuspyserver(tmp_path / "tus") as server:
        send(server.address, [tus.upload(0, 4)], [b"part"])
    assert b"part" in [file.read_bytes() for file in (tmp_path / "tus").iterdir() if file.is_file()]
