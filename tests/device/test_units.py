"""The kit's units, judged by systemd's own tools. `tests/rigs/test_package.py` shows what they hold in life."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from device.uplink.time_asking import CLOCK_SOCKET

ROOT = Path(__file__).parents[2]
UNITS = {
    "kit-recorder.service": "attune-kit-device.kit-recorder.service",
    "kit-uplink.service": "attune-kit-device.kit-uplink.service",
    "kit-clock@.service": "attune-kit-device@.kit-clock.service",
}
MOST_EXPOSURE = 15  # tenths
NOT_INSTALLED = "Command /usr/bin/kit-device is not executable: No such file or directory"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze: apt-get install systemd"
)


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit under the name that it is installed by."""
    return Path(shutil.copy(ROOT / "debian" / UNITS[request.param], tmp_path / request.param))


def settings(unit: Path) -> dict[str, list[str]]:
    """All values of each setting, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


@needs_systemd
def test_exposure_is_low(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    exposure = re.search(r"Overall exposure level for \S+: (\d+\.\d)", done.stdout)
    assert exposure, done.stdout
    assert float(exposure[1]) * 10 <= MOST_EXPOSURE


@needs_systemd
def test_an_open_unit_would_be_noticed(tmp_path: Path) -> None:
    unit = tmp_path / "open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", str(unit)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@needs_systemd
def test_systemd_understands_every_line(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    ours = [line for line in said.splitlines() if str(unit) in line or unit.name in line]
    assert [line for line in ours if NOT_INSTALLED not in line] == []


@pytest.mark.parametrize("service", ["recorder", "uplink"])
def test_a_service_that_ends_always_comes_back(service: str) -> None:
    found = settings(ROOT / f"debian/attune-kit-device.kit-{service}.service")
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]


def test_nothing_of_the_memory_reaches_a_disk(unit: Path) -> None:
    found = settings(unit)
    assert (found["LimitCORE"], found["CoredumpFilter"], found["MemorySwapMax"]) == (["0"], ["0x0"], ["0"])


def test_no_service_can_write_the_settings(unit: Path) -> None:
    found = settings(unit)
    assert found["ProtectSystem"] == ["strict"]
    written = " ".join(found.get("ReadWritePaths", [])).split()
    assert not [path for path in written if path.startswith("/etc")]


def test_who_sets_the_clock_can_do_nothing_else_and_nobody_else_can() -> None:
    rights = {name: settings(ROOT / "debian" / file)["CapabilityBoundingSet"] for name, file in UNITS.items()}
    assert rights == {"kit-recorder.service": [""], "kit-uplink.service": [""], "kit-clock@.service": ["CAP_SYS_TIME"]}
    found = settings(ROOT / "debian" / UNITS["kit-clock@.service"])
    assert found["RestrictAddressFamilies"] == ["none"]
    assert "ReadWritePaths" not in found
    assert found["InaccessiblePaths"] == ["-/etc/attune-kit/kit.key.pem"]
    socket = settings(ROOT / "debian/attune-kit-device.kit-clock.socket")
    assert (socket["SocketUser"], socket["SocketMode"]) == (["attune-uplink"], ["0600"])
    assert socket["ListenStream"] == [str(CLOCK_SOCKET)]


def test_the_kernel_may_be_asked_whether_the_clock_is_set(unit: Path) -> None:
    found = settings(unit)
    assert "ProtectClock" not in found
    assert {"adjtimex", "clock_adjtime"} <= set(found["SystemCallFilter"][-1].split())


def test_the_lights_go_dark_however_the_recorder_ends() -> None:
    found = settings(ROOT / "debian/attune-kit-device.kit-recorder.service")
    assert found["ExecStopPost"] == ["-/usr/bin/kit-device dark"]


def test_the_package_has_the_projects_version_and_tested_libraries() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = (ROOT / "debian/changelog").read_text().split("\n", 1)[0]
    assert newest.startswith(f"attune-kit ({project['version']}) ")
    tested, shipped = (pinned(ROOT / "requirements" / name) for name in ("dev.txt", "device.txt"))
    assert {"av", "cryptography"} <= shipped.keys()
    assert shipped.items() <= tested.items()


def pinned(requirements: Path) -> dict[str, str]:
    """The version of each library."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", requirements.read_text(), re.MULTILINE))
