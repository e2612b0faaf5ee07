"""What `kit-device status` says, in words and as JSON."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from device.config import KitConfig
from device.kit_status import KitStatus, as_json, as_text, kit_status
from device.profiles import PROFILES, bytes_per_minute
from device.spool import Spool
from device.spooled_film import SpooledFilm
from device.standing import MEANING, Standing
from device.status import RECORDER_FILE, UPLINK_FILE, FilmProgress, RecorderStatus, UplinkStatus, write_status
from device.trouble import ADVICE, Trouble
from footage.keys import key_to_pem, new_key, thumbprint
from footage.manifest import ClockStatus, Ended
from footage.messages import decode
from footage.parts import PartKind, PartName
from tests.certificates import Authority
from tests.device.kit import Kit


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = Kit(tmp_path)
    (tmp_path / "directory.jws").write_text(kit.agency.signed_directory())
    (tmp_path / "kit.key.pem").write_bytes(key_to_pem(kit.agency.kit_key))
    return kit


def status(kit: Kit) -> KitStatus:
    return kit_status(config(kit), kit.spool)


def config(kit: Kit) -> KitConfig:
    return KitConfig(
        kit=kit.agency.kit,
        service="http://127.0.0.1:1",
        agency_root=kit.agency.root_thumbprint,
        key=kit.folder / "kit.key.pem",
        directory=kit.folder / "directory.jws",
        accepted=kit.folder / "accepted.jws",
        spool=kit.folder / "spool",
        status=kit.folder / "run",
    )


def filmed(kit: Kit) -> SpooledFilm:
    film, opening = kit.new_film()
    film.open(opening)
    sealed = b"x" * 250_000
    for number in range(2):
        film.add_part(PartName.of(number, PartKind.MEDIA, 1000, sealed), sealed)
    return film


def said(kit: Kit) -> dict[str, str]:
    """The text's facts by what they are about; films by their id."""
    rows = [(row[:11].strip(), row[11:]) for row in as_text(status(kit)).splitlines()]
    return {about or fact.split()[0]: fact for about, fact in rows}


def test_a_kit_that_was_just_prepared(kit: Kit) -> None:
    assert said(kit) | {"room": ""} == {
        "kit": "kit-0001",
        "key": f"{thumbprint(kit.agency.kit_key.public_key())}, the directory lists it",
        "directory": "version 1",
        "recorder": "not running",
        "uplink": "not started yet",
        "room": "",
        "films": "none on the kit",
    }


@pytest.mark.parametrize("standing", Standing)
def test_whether_the_agency_knows_the_kit(kit: Kit, standing: Standing) -> None:
    directory = kit.agency.directory(revoked=standing is Standing.REVOKED)
    if standing is Standing.WAITING:
        directory = replace(directory, kits=())
    (kit.folder / "directory.jws").write_text(kit.agency.signed_directory(directory))
    if standing is Standing.FOREIGN:
        (kit.folder / "kit.key.pem").write_bytes(key_to_pem(new_key()))
    assert status(kit).standing is standing
    assert said(kit)["key"].endswith(f", {MEANING[standing]}")


def test_a_key_that_can_not_be_read(kit: Kit) -> None:
    (kit.folder / "kit.key.pem").write_bytes(b"spoilt")
    assert said(kit)["key"] == "none that can be read"


def test_when_a_film_began_is_told_if_the_kit_knew_the_time(kit: Kit) -> None:
    film, opening = kit.new_film()
    film.open(replace(opening, clock=ClockStatus.SYNCHRONISED))
    assert [one.started_at for one in status(kit).films] == [opening.started_at]
    filmed(kit)
    assert [one.started_at for one in status(kit).films] == [opening.started_at, None]


def test_films_with_size_and_state(kit: Kit) -> None:
    running, interrupted, closed, taken_back = (filmed(kit) for _ in range(4))
    closed.close(Ended.STOPPED, kit.agency.kit_key)
    taken_back.take_back()
    kit.spool.claim()
    write_status(kit.folder / "run" / RECORDER_FILE, RecorderStatus("recording", True, True, running.film, 2000, 2))
    facts = said(kit)
    assert facts["recorder"] == f"recording, 2 s of {running.film}"
    assert facts["lights"] == "recording lit, consent lit"
    assert facts["films"] == "4 on the kit, 1.5 MB"
    assert facts[running.film].endswith("  2 parts,    0.5 MB  is being filmed")
    assert facts[interrupted.film].endswith("  2 parts,    0.5 MB  interrupted; the next start closes it")
    assert facts[closed.film].endswith("  2 parts,    0.5 MB  waits for the agency")
    assert facts[taken_back.film].endswith("  0 parts,    0.0 MB  destroyed; the agency is still to be told")
    assert status(kit).films[0].bytes == sum(file.stat().st_size for file in running.folder.iterdir())


def test_faults_and_warnings_in_words_with_the_next_step(kit: Kit) -> None:
    kit.spool.claim()
    fault = RecorderStatus(
        "fault", False, False, fault_code="too-hot", fault=ADVICE[Trouble.TOO_HOT], warnings=("clock-not-set",)
    )
    write_status(kit.folder / "run" / RECORDER_FILE, fault)
    facts = said(kit)
    assert facts["fault"] == f"too-hot: {ADVICE[Trouble.TOO_HOT]}"
    assert facts["warning"] == f"clock-not-set: {ADVICE[Trouble.CLOCK_NOT_SET]}"


def test_what_a_recorder_said_that_does_not_run_any_more_is_not_told_but_for_its_fault(kit: Kit) -> None:
    last = RecorderStatus("fault", True, True, "f", 9, 9, "too-hot", "Too hot.", ("clock-not-set",))
    write_status(kit.folder / "run" / RECORDER_FILE, last)
    facts = said(kit)
    assert facts["recorder"] == "not running"
    assert facts["fault"] == "too-hot: Too hot."
    assert not {"lights", "warning"} & set(facts)
    assert (status(kit).tally, status(kit).film) == (None, "")


def test_the_uplink_and_its_problem(kit: Kit) -> None:
    problem = UplinkStatus(3, receipts=1, last_receipt="f1", problem_code="link-stalled", problem="No answer.")
    write_status(kit.folder / "run" / UPLINK_FILE, problem)
    facts = said(kit)
    assert facts["uplink"] == "3 films wait, 0.0 MB to go"
    assert facts["receipts"] == "1 since the uplink's start, the last for f1"
    assert facts["problem"] == "link-stalled: No answer."


def test_how_far_films_are(kit: Kit) -> None:
    half, refused = filmed(kit), filmed(kit)
    for film in (half, refused):
        film.close(Ended.STOPPED, kit.agency.kit_key)
    films = (FilmProgress(half.film, 1000, 499), FilmProgress(refused.film, 1000, refused=True))
    uplink = UplinkStatus(2, films=films, bytes_to_go=1501, bytes_per_second=100)
    write_status(kit.folder / "run" / UPLINK_FILE, uplink)
    facts = said(kit)
    assert facts["uplink"] == "2 films wait, 0.0 MB to go, 0.1 kB/s, end unknown"
    assert facts[half.film].endswith("waits for the agency; the agency has 49 %")
    assert facts[refused.film].endswith("the agency refuses it")


def test_a_directory_that_can_not_be_used_is_a_warning(kit: Kit) -> None:
    (kit.folder / "directory.jws").unlink()
    facts = said(kit)
    assert facts["directory"] == "none that can be used"
    assert facts["warning"].startswith("config-invalid: ")


def test_room_in_minutes_above_the_reserve(kit: Kit) -> None:
    free = kit.spool.room_left()
    assert status(kit).room_minutes == pytest.approx(free // bytes_per_minute(PROFILES["720p25"]), abs=5)
    full = Spool(kit.folder / "spool", reserve=1 << 60, last_film=kit.folder / "last-film")
    assert kit_status(config(kit), full).room_minutes == 0


def test_json_has_the_same_facts(kit: Kit) -> None:
    filmed(kit)
    write_status(kit.folder / "run" / UPLINK_FILE, UplinkStatus(1))
    assert decode(KitStatus, as_json(status(kit)).encode()).films == status(kit).films


def test_the_command_prints_them_without_colour(kit: Kit) -> None:
    settings = config(kit)
    toml = kit.folder / "kit.toml"
    toml.write_text(
        f'kit = "{settings.kit}"\nservice = "{settings.service}"\nagency_root = "{settings.agency_root}"\n'
        'spool = "spool"\nstatus = "run"\naccepted = "accepted.jws"\n'
    )
    command = [sys.executable, "-m", "device", "--config", str(toml), "status"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.match(r"kit {8}kit-0001\nkey {8}\S{43}, the directory lists it\ndirectory  version 1\n", text)
    assert "\x1b" not in text
    document = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert json.loads(document)["kit"] == "kit-0001"


def test_an_authority_that_cant_be_used_is_named_with_what_to_do(kit: Kit) -> None:
    pinned = replace(config(kit), authority=kit.folder / "authority.pem")
    (said,) = kit_status(pinned, kit.spool).warnings
    assert said.code == "config-invalid"
    assert "Copy it there anew" in said.text
    Authority().file(kit.folder)
    assert kit_status(pinned, kit.spool).warnings == ()
