"""The kit's Debian package: what is in it, and its services under a real systemd."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from companion_api.kits.enrolment import make_enrolment, waiting_kits
from companion_api.kits.fleet import KitOverview, fleet
from device.clock import clock_status
from device.config import read_config
from footage.enrolment import Ticket, write_ticket
from footage.manifest import ClockStatus, Ended
from provisioning.recover import read_recovery_file, recover_film
from provisioning.store_films import Store
from tests.rigs.booted_kit import BootedKit, base_system, booted_kit
from tests.rigs.debian_package import DebianPackage, machine, needed, own_architecture, python_version
from tests.rigs.rig_stack import RigStack, wait_until
from tests.scenarios.stack import KIT

pytestmark = pytest.mark.rig

RECORDER, UPLINK, CLOCK = "kit-recorder", "kit-uplink", "kit-clock@"
READY_SECONDS = 5
FILM_3_SECONDS = "press agree\nwait 0.5\npress record\nwait 3\nhold record\nwait 3600\n"
FILM_ON = "press agree\nwait 0.5\npress record\nwait 3600\n"
NO_FILM = "wait 3600\n"
# What wheels may take from the system, and the package of Debian that has it.
SYSTEM_LIBRARIES = {
    **dict.fromkeys(
        ("libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2"),
        "libc6",
    ),
    **dict.fromkeys(("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"), "libc6"),
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
MACHINES = {"amd64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
# Nodes by their numbers: some beside the films, where no missing name keeps a service from opening them.
REFUSED_NODES = {"device-mem": (1, 1), "device-input": (13, 64), "device-loop-control": (10, 237)}
CARD_NODES = {"device-zero": (1, 5), **REFUSED_NODES}
SYSTEM_NODES = {"video0": (81, 0), "media0": (250, 0), "gpiochip0": (254, 0)}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> DebianPackage:
    folder = tmp_path_factory.mktemp("package")
    return DebianPackage(folder, python=python_version(base_system()), architecture=own_architecture())


@pytest.fixture(scope="module")
def arm_package(tmp_path_factory: pytest.TempPathFactory) -> DebianPackage:
    folder = tmp_path_factory.mktemp("arm-package")
    return DebianPackage(folder, python=python_version(base_system()), architecture="arm64")


# what is in it ----------------------------------------------------------------------------------------------


def test_it_has_the_kits_program_and_nothing_of_the_agency(package: DebianPackage) -> None:
    held = {file.name for file in package.libraries.iterdir()}
    assert {"device", "footage", "av", "cryptography", "gpiozero"} <= held
    assert not held & {"companion_api", "provisioning", "tests", "fastapi", "bin", "setuptools", "pip"}
    assert f"attune_kit-{package.field('Version')}.dist-info" in held


def test_everything_belongs_to_root_and_nobody_else_can_write_it(package: DebianPackage) -> None:
    check_belongs_to_root(package)


def check_belongs_to_root(package: DebianPackage) -> None:
    for mode, owner, *_, path in package.listing():
        assert owner == "root/root", path
        assert mode[0] == "l" or mode[5] == mode[8] == "-", path
        assert "s" not in mode, path


def test_no_caches_and_no_traces_of_the_build(package: DebianPackage) -> None:
    names = [path for *_, path in package.listing()]
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", "direct_url.json"))]
    traces = (bytes(package.build_folder), bytes(Path.home()) + b"/", b"/tmp/")
    places = [package.content / "etc", package.content / "usr/bin", package.libraries / "device"]
    places += [package.libraries / "footage", package.environment / "pyvenv.cfg"]
    files = [file for place in places for file in (place, *place.rglob("*")) if file.is_file()]
    assert len(files) > 30
    for file in files:
        assert traces[0] not in file.read_bytes(), file
    for record in package.libraries.rglob("RECORD"):
        assert not any(trace in record.read_bytes() for trace in traces), record


@pytest.mark.parametrize("fixture", ["package", "arm_package"])
def test_compiled_files_are_for_the_kit_and_find_what_they_need(fixture: str, request: pytest.FixtureRequest) -> None:
    check_compiled_files(request.getfixturevalue(fixture), at_least=50)


def check_compiled_files(package: DebianPackage, *, at_least: int) -> None:
    """All are for the package's machine, and find their libraries in the package or in what it depends on."""
    objects = package.shared_objects()
    assert len(objects) >= at_least
    own = {file.name for file in objects}
    depends = package.field("Depends")
    wanted = MACHINES[package.field("Architecture")]
    for file in objects:
        assert machine(file) == wanted, file
        for library in needed(file) - own:
            assert SYSTEM_LIBRARIES[library] in depends, (file, library)


def test_it_asks_for_the_python_that_it_was_built_for(package: DebianPackage) -> None:
    major, minor = package.python.split(".")
    assert f"python3 (>= {major}.{minor}~), python3 (<< {major}.{int(minor) + 1}~)" in package.field("Depends")


# under systemd ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """A booted kit and its agency, whose service listens in the kit's network."""

    kit: BootedKit
    stack: RigStack

    def film(self, script: str) -> None:
        """Start the recorder, which plays a visit."""
        (self.kit.root / "etc/visit.txt").write_text(script)
        self.kit.run("systemctl", "restart", RECORDER)

    def status(self, service: str) -> dict[str, object]:
        """What a service says of itself."""
        file = self.kit.root / "run/attune-kit" / f"{service.removeprefix('kit-')}.json"
        status: dict[str, object] = json.loads(file.read_bytes()) if file.exists() else {}
        return status

    def parts(self) -> int:
        return int(str(self.status(RECORDER).get("parts", 0)))

    def films(self) -> list[Path]:
        """The films on the kit."""
        return list((self.kit.root / "var/lib/attune-kit/spool/films").iterdir())

    def ends(self) -> list[str]:
        """How the films of the store ended, all of them opened."""
        recovery = read_recovery_file(self.stack.agency.folder / "recovery.txt")
        store = Store(self.stack.data)
        directory = store.directory(recovery.root)
        out = self.stack.folder
        films = [recover_film(film, directory, recovery.identity, out, lambda _count: None) for film in store.films()]
        assert all(film.movie and film.receipt_verified for film in films), films
        return sorted(film.ended for film in films)


@pytest.fixture(scope="module")
def booted(package: DebianPackage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedKit]:
    with booted_kit(package.file, tmp_path_factory.mktemp("booted") / "boot.log") as kit:
        yield kit


@pytest.fixture(scope="module")
def site(booted: BootedKit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    stack = RigStack(tmp_path_factory.mktemp("site") / "stack")
    stack.prefixes["service"] = booted.network
    # Or the kit would vouch for the clock of this machine, whose kernel it is.
    booted.drop_in(CLOCK, "rig", "AmbientCapabilities=", "CapabilityBoundingSet=")
    with stack.service() as address:
        settings = stack.agency.add_kit(KIT, address)
        with (settings / "kit.toml").open("a") as file:
            file.write('profile = "360p25"\n')  # the machine's load is not what is looked at
        shutil.copytree(settings, booted.root / "etc/attune-kit")
        booted.drop_in(
            RECORDER,
            "rig",
            "ExecStart=",
            "ExecStart=/usr/bin/kit-device recorder --rig sim --script /etc/visit.txt",
        )
        (booted.root / "etc/visit.txt").write_text(NO_FILM)
        booted.run("systemd-tmpfiles", "--create", "attune-kit-device.conf")
        booted.run("systemctl", "start", RECORDER, UPLINK)
        yield Site(booted, stack)


def test_without_settings_the_services_wait(booted: BootedKit) -> None:
    for unit in (RECORDER, UPLINK):
        assert booted.show(unit, "UnitFileState") == "enabled"
        assert booted.show(unit, "ConditionResult") == "no"
        assert booted.show(unit, "ActiveState") == "inactive"


def test_its_own_systemd_finds_nothing_to_complain_of(booted: BootedKit) -> None:
    for unit in (RECORDER, UPLINK, CLOCK):
        path = f"/usr/lib/systemd/system/{unit}.service"
        assert booted.run("systemd-analyze", "verify", "--man=no", path) == ""
        booted.run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", path)


def test_a_film_goes_from_one_user_to_the_other_and_to_the_agency(site: Site) -> None:
    site.film(FILM_3_SECONDS)
    wait_until(lambda: site.parts() >= 2)
    (film,) = site.films()
    for file in (film, *film.iterdir()):
        assert file.stat().st_mode & 0o007 == 0, file
    wait_until(lambda: site.status(UPLINK).get("receipts") == 1)
    wait_until(lambda: site.films() == [])
    assert site.ends() == [Ended.STOPPED.value]


def test_the_agency_hears_how_the_kit_is_and_which_version_it_has(site: Site, package: DebianPackage) -> None:
    def heard() -> KitOverview:
        with site.stack.archive() as archive:
            return next(kit for kit in fleet(archive, site.stack.agency.directory()) if kit.kit == KIT)

    def running() -> bool:
        said = heard().heartbeat
        return said is not None and said.recorder == "running"

    wait_until(running)  # the uplink may have begun before the recorder
    said = heard().heartbeat
    assert said is not None
    assert (said.software, said.system, said.directory) == (package.field("Version"), "debian-13", 2)


def test_the_installed_kit_joins_by_a_ticket_and_shows_the_key_that_waits(site: Site) -> None:
    """As root, in a folder of its own: the kit under test stays what it is."""
    address = read_config(site.kit.root / "etc/attune-kit/kit.toml").service
    directory = site.stack.agency.directory()
    with site.stack.archive() as archive:
        token = make_enrolment(archive, directory, "operator", "kit-0007").token
        ticket = Ticket("kit-0007", address, site.stack.agency.root, token)
        (site.kit.root / "root/enrolment.toml").write_text(write_ticket(ticket))
        said = site.kit.run("kit-device", "--config", "/root/kit.toml", "enrol", "--simulated")
        (waiting,) = waiting_kits(archive, directory).waiting
    assert (waiting.kit, waiting.thumbprint in said) == ("kit-0007", True)
    assert waiting.thumbprint in site.kit.run("kit-device", "--config", "/root/kit.toml", "status")


def test_a_directory_from_the_agency_is_accepted_where_only_the_uplink_writes(site: Site) -> None:
    site.stack.agency.add_kit("kit-0002", "http://127.0.0.1:9")
    accepted = site.kit.root / "var/lib/attune-kit/directory/accepted.jws"
    wait_until(lambda: accepted.exists())
    assert stat.S_IMODE(accepted.stat().st_mode) == 0o660


def test_a_killed_recorder_is_ready_in_under_five_seconds_and_its_film_is_kept(site: Site) -> None:
    site.film(FILM_ON)
    wait_until(lambda: site.parts() >= 3)
    (site.kit.root / "etc/visit.txt").write_text(NO_FILM)
    assert site.kit.kill(RECORDER) < READY_SECONDS
    assert "/usr/bin/kit-device dark" in site.kit.show(RECORDER, "ExecStopPostEx")
    wait_until(lambda: site.films() == [])
    assert Ended.INTERRUPTED.value in site.ends()


@pytest.mark.parametrize("unit", [RECORDER, UPLINK])
def test_no_number_of_crashes_ends_a_service_for_good(site: Site, unit: str) -> None:
    before = int(site.kit.show(unit, "NRestarts"))
    for _ in range(7):  # systemd's own limit is five in ten seconds
        site.kit.kill(unit)
    assert int(site.kit.show(unit, "NRestarts")) == before + 7


def test_a_recorder_that_hangs_is_replaced(site: Site) -> None:
    site.kit.drop_in(RECORDER, "watchdog", "WatchdogSec=2")
    site.film(NO_FILM)
    wait_until(lambda: site.kit.main_process(RECORDER) != 0)
    site.kit.kill(RECORDER, signal="STOP")
    assert "Watchdog timeout" in site.kit.log(RECORDER)


def test_dark_is_called_at_every_stop(site: Site) -> None:
    site.kit.run("systemctl", "stop", RECORDER)
    assert "start_time=[n/a]" not in site.kit.show(RECORDER, "ExecStopPost")
    assert site.kit.show(RECORDER, "Result") == "success"
    site.kit.run("systemctl", "start", RECORDER)


# in the sandbox ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes(site: Site) -> dict[str, dict[str, str]]:
    """What each service can do beside its work: its own unit runs the probe."""
    kit = site.kit
    shutil.copy(Path(__file__).with_name("probe.py"), kit.root / "usr/bin/probe.py")
    spool = kit.root / "var/lib/attune-kit/spool"
    for folder, nodes in ((spool, CARD_NODES), (kit.root / "dev", SYSTEM_NODES)):
        for name, (major, minor) in nodes.items():
            os.mknod(folder / name, stat.S_IFCHR, os.makedev(major, minor))
            (folder / name).chmod(0o666)
    found = {}
    for unit in (RECORDER, UPLINK, CLOCK):
        text = (kit.root / f"usr/lib/systemd/system/{unit}.service").read_text()
        lines = [
            line
            for line in text.splitlines()
            if not line.startswith(("Type=", "Exec", "Restart", "WatchdogSec=", "StandardInput=", "StandardOutput="))
        ]
        at = lines.index("[Service]") + 1
        lines[at:at] = [
            "Type=oneshot",
            "StandardOutput=file:/run/probe.json",
            'ExecStart=/usr/bin/python3 /usr/bin/probe.py "set clock"'
            if unit == CLOCK
            else "ExecStart=/usr/bin/python3 /usr/bin/probe.py",
        ]
        (kit.root / "etc/systemd/system/probe.service").write_text("\n".join(lines) + "\n")
        kit.run("systemctl", "daemon-reload")
        kit.run("systemctl", "start", "probe")
        found[unit] = json.loads((kit.root / "run/probe.json").read_text())
        (kit.root / "run/probe.json").unlink()
        for file in spool.glob("probe*"):
            file.unlink()
    for name in CARD_NODES:
        (spool / name).unlink()
    return found


def test_the_recorder_has_no_network(outcomes: dict[str, dict[str, str]]) -> None:
    recorder = outcomes[RECORDER]
    for kind in ("internet socket", "netlink socket", "packet socket"):
        assert recorder[kind] == "Address family not supported by protocol"
    assert recorder["unix socket"] == "done"


def test_the_uplink_has_the_internet_and_no_more(outcomes: dict[str, dict[str, str]]) -> None:
    uplink = outcomes[UPLINK]
    assert uplink["internet socket"] == "done"
    for kind in ("netlink socket", "packet socket"):
        assert uplink[kind] == "Address family not supported by protocol"


def test_the_uplink_sees_no_camera_and_no_pins_and_neither_opens_other_devices(
    outcomes: dict[str, dict[str, str]],
) -> None:
    for unit in (RECORDER, UPLINK):
        assert outcomes[unit]["open device-zero"] == "done", "so it is the policy that refuses the others"
        assert {outcomes[unit][f"open {name}"] for name in REFUSED_NODES} == {"Operation not permitted"}
    assert set(SYSTEM_NODES) <= set(outcomes[RECORDER]["devices"].split())
    assert not set(SYSTEM_NODES) & set(outcomes[UPLINK]["devices"].split())


def test_every_service_can_ask_whether_the_clock_is_synchronised(outcomes: dict[str, dict[str, str]]) -> None:
    assert {found["ask clock"] for found in outcomes.values()} == {"done"}


def test_only_kit_clock_has_the_clock_and_it_has_nothing_else(outcomes: dict[str, dict[str, str]]) -> None:
    assert outcomes[CLOCK].pop("have clock") == "done"
    assert {outcomes[unit]["have clock"] for unit in (RECORDER, UPLINK)} == {"Operation not permitted"}
    for name in ("internet socket", "netlink socket", "packet socket", "unix socket"):
        assert outcomes[CLOCK][name] == "Address family not supported by protocol"
    for name in (
        *("read key", "write spool", "write status", "write directory", "write settings", "replace settings"),
        *("write elsewhere", "new namespace", "mount", "make node", "become root", "writable code"),
    ):
        refused = ("Operation not permitted", "Permission denied", "Read-only file system")
        assert outcomes[CLOCK][name] in refused, name
    assert {outcomes[CLOCK][f"open {name}"] for name in REFUSED_NODES} == {"Operation not permitted"}


def test_the_uplink_asks_for_the_time_and_kit_clock_answers_it_only(site: Site) -> None:
    """This machine's clock is not the rig's to set, so that kit-clock lacks the right here."""
    connect = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/attune-kit-clock'); "
    say = f"{connect}f = s.makefile('rw'); n = f.readline(); f.write(n); f.flush(); print(len(n), f.readline())"
    as_uplink = ("setpriv", "--reuid=attune-uplink", "--regid=attune-kit", "--clear-groups", "python3", "-c", say)
    assert site.kit.run(*as_uplink).split() == ["44", "message-malformed"]
    as_recorder = ("setpriv", "--reuid=attune-recorder", *as_uplink[2:])
    with pytest.raises(AssertionError, match="Permission denied"):
        site.kit.run(*as_recorder)
    if clock_status() is ClockStatus.UNSYNCHRONISED:
        wait_until(lambda: "the agency's time for the clock: clock-refused" in site.kit.log(UPLINK))


@pytest.mark.parametrize("unit", [RECORDER, UPLINK])
def test_a_service_can_do_its_work_and_nothing_else(outcomes: dict[str, dict[str, str]], unit: str) -> None:
    found = outcomes[unit]
    assert {found[name] for name in ("read key", "write spool", "write status")} == {"done"}
    assert found["write directory"] == ("done" if unit == UPLINK else "Read-only file system")
    for name in ("write settings", "replace settings", "write elsewhere"):
        assert found[name] in ("Read-only file system", "Permission denied"), name
    for name in ("set-user-id", "new namespace", "mount", "set clock", "make node", "become root", "writable code"):
        assert found[name] in ("Operation not permitted", "Permission denied"), name
    assert found["core limit"] == "(0, 0)"
    assert int(found["core filter"], 16) == 0


# gone again -------------------------------------------------------------------------------------------------


def test_removing_it_leaves_nothing_but_what_is_the_kits_own(site: Site) -> None:
    site.kit.run("dpkg", "--purge", "attune-kit-device")
    assert not (site.kit.root / "usr/lib/attune-kit").exists()
    assert (site.kit.root / "var/lib/attune-kit/spool/films").exists(), "films are not the package's to remove"
    assert (site.kit.root / "etc/attune-kit/kit.key.pem").exists()
