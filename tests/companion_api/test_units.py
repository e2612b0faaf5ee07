"""The service's units and timers, judged by systemd's own tools. `tests/rigs/test_service_package.py` lets them run."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.device.test_units import needs_systemd, pinned, settings

ROOT = Path(__file__).parents[2]
PACKAGE = "attune-companion-api"
SERVICE = "companion-api.service"
JOBS = ("companion-api@upkeep.service", "companion-api@scrub.service", "companion-api@backup.service")
TIMERS = ("companion-api-upkeep.timer", "companion-api-scrub.timer", "companion-api-backup.timer")
MOST_EXPOSURE = 20  # tenths: the service has a network
HARDENING_BEGINS = "User=attune-companion"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All units as they are installed; the backup's from the examples, as these say."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copy(ROOT / f"debian/{PACKAGE}.{SERVICE}", folder / SERVICE)
    for job in JOBS:
        shutil.copy(ROOT / f"debian/{PACKAGE}@.{SERVICE}", folder / job)
    for timer in TIMERS[:2]:
        shutil.copy(ROOT / f"debian/{PACKAGE}.{timer}", folder / timer)
    shutil.copy(ROOT / "docs/examples" / TIMERS[2], folder / TIMERS[2])
    for job, drop_in in ((JOBS[1], "debian/night.conf"), (JOBS[2], "docs/examples/backup.conf")):
        (folder / f"{job}.d").mkdir()
        shutil.copy(ROOT / drop_in, folder / f"{job}.d")
    return folder


@needs_systemd
@pytest.mark.parametrize("unit", [SERVICE, *JOBS, *TIMERS])
def test_systemd_understands_every_line(installed: Path, unit: str) -> None:
    said = _analyzed("verify", "--man=no", "--recursive-errors=no", installed / unit).stderr
    ours = [line for line in said.splitlines() if unit in line or str(installed) in line]
    assert [line for line in ours if "/usr/bin/companion-api is not executable" not in line] == []


@needs_systemd
def test_a_line_that_systemd_does_not_know_would_be_noticed(installed: Path, tmp_path: Path) -> None:
    unit = tmp_path / "wrong.timer"
    unit.write_text((installed / TIMERS[0]).read_text().replace("Persistent=", "Persists="))
    assert "Persists" in _analyzed("verify", "--man=no", "--recursive-errors=no", unit).stderr


@needs_systemd
@pytest.mark.parametrize("unit", [SERVICE, *JOBS])
def test_exposure_is_low(installed: Path, unit: str) -> None:
    done = _analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", installed / unit)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_jobs_are_confined_as_the_service_is(installed: Path) -> None:
    service, job = (
        (installed / unit).read_text().split(HARDENING_BEGINS)[1].split("\n[Install]")[0] for unit in (SERVICE, JOBS[0])
    )
    assert job.strip() == service.strip()


@pytest.mark.parametrize(("timer", "job"), list(zip(TIMERS, JOBS, strict=True)))
def test_each_timer_calls_its_job_once_a_day(installed: Path, timer: str, job: str) -> None:
    said = settings(installed / timer)
    assert said["Unit"] == [job]
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", said["OnCalendar"][0])
    assert said["WantedBy"] == ["timers.target"]


@pytest.mark.parametrize("extra", ["server", "device"])
def test_packages_bring_every_library_that_their_programs_name(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["dependencies"] + project["optional-dependencies"][extra]
    shipped = pinned(ROOT / f"requirements/{extra}.txt").keys()
    assert {re.split("[^a-z0-9-]", name)[0] for name in named} <= shipped


def _analyzed(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
