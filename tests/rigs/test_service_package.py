"""The service's Debian package: what is in it, and its service under a real systemd."""

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.rigs.booted_kit import BootedKit, base_system, booted_kit
from tests.rigs.debian_package import SERVICE, DebianPackage, own_architecture, python_version
from tests.rigs.fast_recorder import record
from tests.rigs.footage_source import EncodedFilm
from tests.rigs.opened import Opener
from tests.rigs.rig_stack import RigStack, wait_until
from tests.rigs.test_package import check_belongs_to_root, check_compiled_files
from tests.scenarios.stack import KIT

pytestmark = pytest.mark.rig
UNIT = "companion-api"
ETC = "etc/attune-companion-api"
TIMERS = {"companion-api-upkeep.timer": "companion-api@upkeep", "companion-api-scrub.timer": "companion-api@scrub"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> DebianPackage:
    folder = tmp_path_factory.mktemp("service-package")
    return DebianPackage(folder, python=python_version(base_system()), architecture=own_architecture(), package=SERVICE)


@pytest.fixture(scope="module")
def booted(package: DebianPackage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedKit]:
    with booted_kit(package.file, tmp_path_factory.mktemp("booted") / "boot.log") as server:
        yield server


@pytest.fixture(scope="module")
def stack(booted: BootedKit, tmp_path_factory: pytest.TempPathFactory) -> RigStack:
    """An agency whose service is the package's, set up as its own example tells."""
    stack = RigStack(tmp_path_factory.mktemp("site") / "stack")
    stack.prefixes["uplink"] = booted.network
    stack.add_kit("http://127.0.0.1:8080")
    etc = booted.root / ETC
    for name in ("receipt.key.pem", "directory.jws"):
        shutil.copy(stack.agency.folder / name, etc / name)
    example = booted.root / "usr/share/doc/attune-companion-api/examples/companion-api.toml"
    settings = example.read_text().replace("PUT-THE-ROOTS-43-CHARACTERS-THAT-KIT-INIT-X", stack.agency.root)
    (etc / "companion-api.toml").write_text(settings)
    booted.run("systemd-tmpfiles", "--create", "attune-companion-api.conf")
    booted.run("systemctl", "start", UNIT)
    return stack


def test_it_has_the_service_and_nothing_of_a_kit(package: DebianPackage) -> None:
    held = {file.name for file in package.libraries.iterdir()}
    assert {"companion_api", "footage", "fastapi", "sqlalchemy", "obstore", "psycopg"} <= held
    assert not held & {"device", "provisioning", "tests", "av", "gpiozero", "bin", "setuptools", "pip"}
    assert f"attune_kit-{package.field('Version')}.dist-info" in held
    assert (package.libraries / "companion_api/database/migrations/env.py").exists()


def test_its_files_are_roots_and_find_what_they_need(package: DebianPackage) -> None:
    check_belongs_to_root(package)
    check_compiled_files(package, at_least=20)


def test_without_settings_the_service_waits(booted: BootedKit) -> None:
    assert booted.show(UNIT, "UnitFileState") == "enabled"
    assert booted.show(UNIT, "ConditionResult") == "no"


def test_its_own_systemd_finds_nothing_to_complain_of(booted: BootedKit) -> None:
    folder = "/usr/lib/systemd/system"
    units = [f"{unit}.service" for unit in (UNIT, *TIMERS.values())]
    assert booted.run("systemd-analyze", "verify", "--man=no", *units, *TIMERS) == ""
    for file in (f"{UNIT}.service", f"{UNIT}@.service"):
        booted.run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", f"{folder}/{file}")


def test_timers_wait_for_their_hour_from_the_installation_on(booted: BootedKit) -> None:
    for timer in TIMERS:
        assert booted.show(timer, "UnitFileState") == "enabled"
        assert booted.show(timer, "SubState") == "waiting"
        assert booted.show(timer, "NextElapseUSecRealtime")


def test_a_film_is_taken_in_and_survives_a_kill(booted: BootedKit, stack: RigStack, encoded_film: EncodedFilm) -> None:
    film = record(stack.config, encoded_film).opening.film
    (kept,) = stack.films()
    manifest = kept.manifest()
    assert stack.run("uplink", stack.uplink_command("--until-empty"))[0] == 0, booted.log(UNIT)
    store = booted.root / "var/lib/attune-companion-api/store"
    assert Opener.of(stack).store_has(store, film, manifest)
    assert store.parent.stat().st_mode & 0o077 == 0
    seconds = booted.kill(UNIT)
    print(f"the service came back after {seconds:.1f} s")
    record(stack.config, encoded_film)
    assert stack.run("uplink", stack.uplink_command("--until-empty"))[0] == 0, booted.log(UNIT)


def test_the_commands_find_the_same_settings(booted: BootedKit, stack: RigStack) -> None:
    assert "Traceback" not in booted.log(UNIT)
    said = booted.run("companion-api", "serve", "--port", "8081", check=False)
    assert said == "", "the data folder is in use"
    kits = booted.run("runuser", "-u", "attune-companion", "--", "companion-api", "kits")
    assert [line.split()[:2] for line in kits.splitlines()] == [["KIT", "STANDING"], [KIT, "listed"]]


def _count(booted: BootedKit, action: str) -> int:
    trail = booted.run("runuser", "-u", "attune-companion", "--", "companion-api", "audit", "show", "--json")
    return sum(json.loads(line)["action"] == action for line in trail.splitlines())


def _soon(booted: BootedKit, timer: str) -> None:
    """Let a timer's hour come once, and wait until what it calls has ended."""
    job = TIMERS[timer]
    before = booted.show(job, "InvocationID")
    booted.drop_in(timer, "soon", "OnCalendar=", "RandomizedDelaySec=0", "OnActiveSec=1s", section="Timer")
    booted.run("systemctl", "restart", timer)
    wait_until(
        lambda: booted.show(job, "InvocationID") != before and booted.show(job, "ActiveState") in ("inactive", "failed")
    )


def test_the_daily_timer_runs_upkeep_once(booted: BootedKit, stack: RigStack) -> None:
    _soon(booted, "companion-api-upkeep.timer")
    job = TIMERS["companion-api-upkeep.timer"]
    assert booted.show(job, "Result") == "success", booted.log(job)
    assert "Nothing to do." in booted.log(job)
    assert (_count(booted, "upkeep"), _count(booted, "head signed")) == (1, 1)
    assert list((booted.root / "var/lib/attune-companion-api/store/audit/heads").iterdir())


def test_the_nightly_scrub_stops_at_its_hour_and_the_next_night_goes_on(booted: BootedKit, stack: RigStack) -> None:
    timer = "companion-api-scrub.timer"
    job = TIMERS[timer]
    booted.drop_in(job, "slow", "Environment=NIGHT=3s MIB_PER_SECOND=0.05")
    _soon(booted, timer)
    assert booted.show(job, "Result") == "success", booted.log(job)
    assert booted.show(job, "ExecMainStatus") == "5", "UNFINISHED"
    assert "not finished" in booted.log(job)
    assert _count(booted, "scrubbed") == 0
    booted.drop_in(job, "slow", "Environment=NIGHT=1m MIB_PER_SECOND=0")
    _soon(booted, timer)
    assert booted.show(job, "ExecMainStatus") == "0", booted.log(job)
    assert _count(booted, "scrubbed") == 1
    begun = {line.split(",")[0] for line in booted.log(job).splitlines() if line.startswith("scrub begun")}
    assert len(begun) == 1, "it is one scrub"


def test_a_fault_leaves_the_nights_unit_failed(booted: BootedKit, stack: RigStack) -> None:
    """So whatever watches units tells of it."""
    timer = "companion-api-scrub.timer"
    key = next((booted.root / "var/lib/attune-companion-api/store/films").glob("*/film.key"))
    key.unlink()
    _soon(booted, timer)
    assert booted.show(TIMERS[timer], "ActiveState") == "failed"
    assert booted.show(TIMERS[timer], "ExecMainStatus") == "3", "FAULTS_FOUND"


def test_removing_the_package_leaves_films_and_settings(booted: BootedKit, stack: RigStack) -> None:
    films = list((booted.root / "var/lib/attune-companion-api/store/films").iterdir())
    booted.run("dpkg", "--purge", "attune-companion-api")
    wait_until(lambda: not (booted.root / "usr/bin/companion-api").exists())
    assert [film.exists() for film in films] == [True] * len(films)
    assert (booted.root / ETC / "receipt.key.pem").exists()
