"""`companion-api upkeep` and `withdraw` as processes, beside a running service."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from companion_api.database.database import Database
from companion_api.films.case_rows import CaseRows
from companion_api.films.film_rows import FilmRows
from companion_api.service import Exit
from tests.companion_api.builders import sqlite
from tests.companion_api.test_command import COMMAND, Installation, put_film
from tests.footage.builders import Agency, Film, make_film


@pytest.fixture
def installation(tmp_path: Path, agency: Agency) -> Installation:
    return Installation(tmp_path, agency)


def _run(installation: Installation, *arguments: str) -> tuple[int, str, str]:
    """Run the command, and return its exit code and what it said on stdout and stderr."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=installation.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_case_is_withdrawn_beside_a_running_service(installation: Installation, agency: Agency, film: Film) -> None:
    other = make_film(agency)
    with installation.running() as (url, _), httpx.Client() as client:
        for sent in (film, other):
            assert {answer.status_code for answer in put_film(client, agency, url, sent)} == {201}
        database = Database(sqlite(installation.data / "companion.sqlite3"))
        with database.writing() as connection:
            CaseRows(connection).open("A-17", "2026-11-20T10:00:00Z")
            FilmRows(connection).set_case(film.film, "A-17")
        database.close()
        withdraw = ("withdraw", "--case", "A-17", "--reason", "family asked")
        code, told, _ = _run(installation, *withdraw)
        assert (code, told.splitlines()[0]) == (Exit.NOT_CONFIRMED, film.film)
        code, told, _ = _run(installation, *withdraw, "--yes")
        assert (code, told) == (Exit.STOPPED, f"{film.film}  erased\n")
        last = put_film(client, agency, url, film)[-1]
        assert (last.status_code, last.json()["type"]) == (410, "urn:attune-kit:problem:film-erased")
        assert {answer.status_code for answer in put_film(client, agency, url, other)} == {200}
        code, told, _ = _run(installation, "upkeep", "--json")
        assert (code, json.loads(told)["failed"]) == (Exit.STOPPED, {})
    assert [folder.name for folder in (installation.data / "store" / "films").iterdir()] == [other.film]
    assert (installation.data / "erasures" / f"{film.film}.jws").exists()


def test_what_is_not_there_is_refused_by_name(installation: Installation) -> None:
    code, told, said = _run(installation, "withdraw", "--case", "NONE", "--reason", "mistake", "--yes")
    assert (code, told) == (Exit.REFUSED, "")
    assert said.endswith("companion-api: case-unknown: Compare the code.\n")
    code, _, said = _run(installation, "withdraw", "--film", "x", "--reason", "they moved away")
    assert code == 2
    assert "invalid choice" in said


def test_a_journal_that_cant_be_written_is_named(installation: Installation) -> None:
    installation.settings["COMPANION_API_ERASURES"] = __file__
    code, _, said = _run(installation, "upkeep", "--dry-run")
    assert code == Exit.DATA_UNUSABLE
    assert "Check the disk and its folder" in said
