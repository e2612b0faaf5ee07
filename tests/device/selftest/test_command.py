"""`kit-device selftest` as its own process, as IT runs it; and `docs/selftest.md` shows what it prints."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from device.profiles import PROFILES
from device.selftest.memory import last_selftest
from device.selftest.parts import PARTS, run
from device.selftest.report import Exit, print_results
from device.sim.camera import SimulatedCamera
from tests.device.selftest.bench import Bench

DOCUMENT = Path("docs/selftest.md")


def write_config(bench: Bench) -> Path:
    file = bench.folder / "kit.toml"
    settings = {name: getattr(bench.config, name) for name in ("kit", "service", "agency_root", "profile")}
    paths = {"spool": "spool", "status": "run", "accepted": "accepted.jws"}
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in (settings | paths).items()))
    return file


def selftest(bench: Bench, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "device", "--config", str(write_config(bench)), "selftest", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_without_hands_it_says_by_its_end_that_not_all_was_tested(bench: Bench) -> None:
    parts = {name: part for name, part in PARTS.items() if name != "card"}  # the disk may be busy with other things
    done = selftest(bench, "--no-hands", "--json", *parts)
    document = json.loads(done.stdout)
    assert {result["name"]: result["verdict"] for result in document["results"]} == {
        name: "SKIP" if part.hands else "OK" for name, part in parts.items()
    }
    assert (done.returncode, document["kit"], document["ok"]) == (Exit.SKIPPED, bench.agency.kit, False)


def test_parts_by_name(bench: Bench) -> None:
    done = selftest(bench, "clock", "keys")
    assert [row.split()[:2] for row in done.stdout.splitlines()] == [["OK", "keys"], ["OK", "clock"]]
    assert done.returncode == Exit.ALL_OK
    remembered = last_selftest(bench.folder / "spool")
    assert remembered is not None
    assert remembered.found == {"keys": "ok", "clock": "ok"}


def test_an_error_is_told_by_the_end(bench: Bench) -> None:
    bench.config.key.unlink()
    done = selftest(bench, "keys")
    assert done.stdout.startswith('ERROR keys config-invalid "')
    assert done.returncode == Exit.ERRORS


def test_it_does_not_touch_a_kit_whose_recorder_runs(bench: Bench) -> None:
    bench.spool.claim()
    done = selftest(bench)
    assert (done.stdout, done.returncode) == ("", 1)
    assert "spool-claimed" in done.stderr
    assert "systemctl stop kit-recorder" in done.stderr


def test_whoever_ends_it_is_told_that_all_is_dark(bench: Bench) -> None:
    command = [sys.executable, "-m", "device", "--config", str(write_config(bench)), "selftest", "buttons"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("# Press")
        process.terminate()
        output, errors = process.communicate(timeout=60)
    assert (output, process.returncode) == ("", 1)
    assert "all lights are dark" in errors


def test_a_part_that_there_is_not(bench: Bench) -> None:
    done = selftest(bench, "lens")
    assert (done.stdout, done.returncode) == ("", 2)
    assert "lens" in done.stderr


def test_the_list_needs_no_kit() -> None:
    command = [sys.executable, "-m", "device", "--config", "/nowhere", "selftest", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert [row.split()[0] for row in done.stdout.splitlines()] == list(PARTS)


def test_the_document_shows_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All but figures, the key's thumbprint and the order of the two streams."""
    bench = Bench(tmp_path, SimulatedCamera(picture=PROFILES["720p25"], speed=None))
    bench.config = bench.stand.config = replace(bench.config, profile="720p25")
    end = print_results(bench.config.kit, run(bench.stand, list(PARTS)), as_json=False)
    bench.stand.close()
    shown = _block(DOCUMENT.read_text("utf-8"))
    assert end is Exit.ALL_OK
    assert _shape(capsys.readouterr().out.splitlines()) == _shape(row for row in shown if not row.startswith("#"))
    assert [f"# {text}" for text in bench.asked] == [row for row in shown if row.startswith("#")]


def _block(text: str) -> list[str]:
    found = re.search(r"```\n\$ kit-device selftest\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1].splitlines()


def _shape(rows: Iterable[str]) -> list[str]:
    return [re.sub(r"\d+(\.\d+)?", "0", re.sub(r"P-256 \S+,", "P-256 KEY,", row)) for row in rows]


def test_the_shape_of_a_line_holds_words_but_no_figures() -> None:
    assert _shape(["OK card 38.5 MB/s"]) == ["OK card 0 MB/s"]
