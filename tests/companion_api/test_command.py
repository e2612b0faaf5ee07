"""The command `companion-api` as a process of its own, on a real socket."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from companion_api.service import Exit
from companion_api.settings import OPTIONS
from footage.directory import sign_directory
from footage.http_signatures import SignedRequest, content_digest, sign_request
from footage.keys import key_to_pem, new_key
from footage.receipt import read_receipt
from tests.companion_api.s3_lookalike import lookalike
from tests.footage.builders import Agency, Film

COMMAND = [sys.executable, "-m", "companion_api"]


class Installation:
    """The files and settings of a service."""

    def __init__(self, folder: Path, agency: Agency) -> None:
        self.data = folder / "new" / "data"
        self.directory = folder / "directory.jws"
        self.receipt_key = folder / "receipt.pem"
        self.log = folder / "companion-api.log"
        self.directory.write_text(agency.signed_directory())
        self.receipt_key.write_bytes(key_to_pem(agency.receipt_key))
        self.settings = {
            "COMPANION_API_DATA": str(self.data),
            "COMPANION_API_RECEIPT_KEY": str(self.receipt_key),
            "COMPANION_API_ROOT": agency.root_thumbprint,
            "COMPANION_API_DIRECTORY": str(self.directory),
            "COMPANION_API_PORT": "0",
        }

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if "COMPANION" not in name} | self.settings

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Run the command, which must end at once, and return its exit code and what it said."""
        done = subprocess.run(
            [*COMMAND, *arguments], env=self.environment(), capture_output=True, text=True, timeout=30, check=False
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    @contextmanager
    def running(self) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """Run the command, and give its address and process. It must end cleanly and say nothing bad."""
        with self.log.open("w") as log:  # a pipe that nobody reads would stop it in the end
            process = subprocess.Popen(
                [*COMMAND, "serve"], env=self.environment(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        try:
            assert line.startswith("listening on http://127.0.0.1:"), self.log.read_text()
            yield line.removeprefix("listening on "), process
        finally:
            process.terminate()
            process.communicate(timeout=40)
        assert process.returncode in (Exit.STOPPED, -signal.SIGKILL)
        assert "Traceback" not in self.log.read_text()


@pytest.fixture
def installation(tmp_path: Path, agency: Agency) -> Installation:
    return Installation(tmp_path, agency)


def signed(agency: Agency, method: str, url: str, path: str, nonce: str, body: bytes | None = None) -> httpx.Request:
    headers = {} if body is None else {"content-digest": content_digest(body), "content-length": str(len(body))}
    request = SignedRequest(method, url + path, headers)
    sign_request(request, key=agency.kit_key, key_id=agency.kit, nonce=nonce, has_body=body is not None)
    return httpx.Request(method, url + path, headers=headers, content=body)


def session(client: httpx.Client, agency: Agency, url: str) -> str:
    answer = client.send(signed(agency, "POST", url, f"/v1/kits/{agency.kit}/sessions", ""))
    assert answer.status_code == 201, answer.text
    nonce: str = answer.json()["nonce"]
    return nonce


def put_film(client: httpx.Client, agency: Agency, url: str, film: Film) -> list[httpx.Response]:
    nonce = session(client, agency, url)
    path = f"/v1/films/{film.film}"
    assert film.sealed_key is not None
    assert film.token is not None
    bodies = [(f"{path}/key", film.sealed_key)]
    bodies += [(f"{path}/parts/{number}", sealed) for number, sealed in film.parts.items()]
    bodies += [(f"{path}/manifest", film.token.encode())]
    return [client.send(signed(agency, "PUT", url, path, nonce, body)) for path, body in bodies]


def test_a_film_over_a_real_connection_survives_a_kill(installation: Installation, agency: Agency, film: Film) -> None:
    with installation.running() as (url, process), httpx.Client(timeout=60) as client:
        first = put_film(client, agency, url, film)
        assert {answer.status_code for answer in first} == {201}
        process.kill()
        process.wait()
    with installation.running() as (url, _), httpx.Client(timeout=60) as client:
        second = put_film(client, agency, url, film)
        assert {answer.status_code for answer in second} == {200}
        assert second[-1].content == first[-1].content
    read_receipt(second[-1].text, agency.verified_directory(), film=film.film, manifest=film.token or "")


def test_a_dropped_upload_leaves_nothing_and_is_logged_in_one_line(
    installation: Installation, agency: Agency, film: Film
) -> None:
    path = f"/v1/films/{film.film}/parts/0"
    with installation.running() as (url, process), httpx.Client(timeout=60) as client:
        nonce = session(client, agency, url)
        request = signed(agency, "PUT", url, path, nonce, film.parts[0])
        head = [f"PUT {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
            connection.sendall("\r\n".join([*head, "", ""]).encode() + film.parts[0][:100])
            time.sleep(0.2)
        time.sleep(0.2)
        assert client.send(signed(agency, "GET", url, f"/v1/films/{film.film}/parts", nonce)).json()["parts"] == []
        assert not list((installation.data / "store" / ".arriving").iterdir())
        process.terminate()
        process.wait(40)
    said = installation.log.read_text()
    (line,) = [line for line in said.splitlines() if film.film in line]
    assert "400 body-incomplete" in line


def test_the_log_holds_no_secrets(installation: Installation, agency: Agency, film: Film) -> None:
    with installation.running() as (url, process), httpx.Client(timeout=60) as client:
        answers = put_film(client, agency, url, film)
        nonce = session(client, agency, url)
        process.terminate()
        process.wait(40)
    said = installation.log.read_text()
    assert film.film in said, "closing a film is logged"
    for secret in (nonce, answers[-1].text, film.token or "", "PRIVATE KEY", "ignature"):
        assert secret not in said


def test_a_port_in_use_is_named(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = installation.refused("serve", "--port", str(port))
    assert code == Exit.ADDRESS_UNUSABLE
    assert said.splitlines()[-1] == (
        f"companion-api: 127.0.0.1 port {port} can't be listened on (Address already in use). "
        "Stop what uses it, or choose another --port."
    )


def test_a_data_folder_in_use_is_named(installation: Installation) -> None:
    with installation.running():
        code, said = installation.refused("serve")
    assert code == Exit.DATA_IN_USE
    assert "Another companion-api uses" in said


@pytest.mark.parametrize(
    ("variable", "value", "code", "said"),
    [
        ("RECEIPT_KEY", "/nowhere.pem", Exit.KEY_UNREADABLE, "No such file"),
        ("RECEIPT_KEY", __file__, Exit.KEY_UNREADABLE, "damaged"),
        ("DIRECTORY", "/nowhere.jws", Exit.DIRECTORY_UNREADABLE, "No such file"),
        ("DIRECTORY", __file__, Exit.DIRECTORY_REFUSED, "not a directory"),
        ("ROOT", "x" * 43, Exit.DIRECTORY_REFUSED, "another root"),
        ("DATA", "/proc/nowhere", Exit.DATA_UNUSABLE, "can't be used"),
        ("DATA", __file__, Exit.DATA_UNUSABLE, "can't be used"),
        ("STORE", "https://example.org/films", Exit.STORE_UNFIT, "The store's address is none. Use a folder"),
        ("PORT", "http", 2, "must be a number"),
        ("PORT", "65536", 2, "must be a number"),
    ],
)
def test_settings_that_cant_work_are_named(
    installation: Installation, variable: str, value: str, code: int, said: str
) -> None:
    installation.settings[f"COMPANION_API_{variable}"] = value
    found, message = installation.refused("serve")
    assert found == code
    assert said in message
    assert sum("INFO" not in line for line in message.splitlines()) == 1 or code == 2


def test_a_bucket_that_overwrites_is_refused(installation: Installation) -> None:
    with lookalike() as s3:
        s3.overwrites = True
        installation.settings |= s3.environment | {"COMPANION_API_STORE": "s3://films/prefix"}
        code, said = installation.refused("serve")
    assert code == Exit.STORE_UNFIT
    assert "Use a store that keeps to If-None-Match" in said
    assert not s3.objects


def test_a_forged_or_unlisting_directory_is_named(installation: Installation, agency: Agency) -> None:
    installation.directory.write_text(sign_directory(agency.directory(), new_key()))
    assert installation.refused("serve")[0] == Exit.DIRECTORY_REFUSED
    installation.directory.write_text(agency.signed_directory())
    installation.receipt_key.write_bytes(key_to_pem(new_key()))
    code, said = installation.refused("serve")
    assert code == Exit.RECEIPT_KEY_UNLISTED
    assert "does not list the receipt key" in said


def test_a_client_secret_that_cant_be_read_is_named(installation: Installation) -> None:
    installation.settings |= {
        "COMPANION_API_OIDC_ISSUER": "https://login.example",
        "COMPANION_API_OIDC_CLIENT_ID": "attune",
        "COMPANION_API_OIDC_CLIENT_SECRET": "/nowhere.secret",
    }
    code, said = installation.refused("serve")
    assert code == Exit.KEY_UNREADABLE
    assert "client secret /nowhere.secret can't be read" in said


def test_a_missing_setting_is_named(installation: Installation) -> None:
    del installation.settings["COMPANION_API_ROOT"]
    code, said = installation.refused("serve")
    assert code == 2
    assert "--root" in said


def test_help_tells_every_setting_and_its_variable() -> None:
    said = subprocess.run([*COMMAND, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    for option in OPTIONS:
        assert option.flag in said
        assert option.variable in said
    assert "example:" in said
