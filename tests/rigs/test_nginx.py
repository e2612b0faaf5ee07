"""The nginx example is started as it is and used: films pass, what is not for everybody does not."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from footage.keys import key_to_pem, new_key
from tests.companion_api.test_command import Installation, put_film, session, signed
from tests.footage.builders import Agency, make_film
from tests.rigs.engine import free_port, listens
from tests.rigs.rig_stack import wait_until

pytestmark = pytest.mark.rig
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "nginx.conf"
HOST = "films.example"


class Nginx:
    """The example with this test's ports and certificate for those it names."""

    def __init__(self, folder: Path, service: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._write_certificate()
        site = EXAMPLE.read_text()
        for example, ours in (
            ("127.0.0.1:8080", service.removeprefix("http://")),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("/etc/ssl/attune/", f"{folder}/"),
        ):
            assert example in site
            site = site.replace(example, ours)
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(
            f"user root; pid {folder}/pid; error_log {folder}/error.log info; daemon off;\n"
            f"events {{}}\nhttp {{ access_log off; include {folder}/site.conf; }}\n"
        )
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        assert program, "`make rigs` installs nginx"
        self.process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"])
        wait_until(lambda: listens(self.port))

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def client(self) -> httpx.Client:
        """Return a client that trusts the certificate and finds the host here."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        return httpx.Client(transport=_Here(verify=context), timeout=60)

    def close(self) -> None:
        self.process.terminate()
        assert self.process.wait(20) == 0

    def _write_certificate(self) -> None:
        key, name = new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        (self.folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "privkey.pem").write_bytes(key_to_pem(key))


class _Here(httpx.HTTPTransport):
    """Connects to loopback, whatever the host's name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = HOST
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


@pytest.fixture(scope="module")
def agency() -> Agency:
    return Agency()


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("agency")
    with Installation(folder, agency).running() as (service, _):
        (folder / "nginx").mkdir()
        nginx = Nginx(folder / "nginx", service)
        try:
            yield nginx
        finally:
            nginx.close()


def test_a_film_passes(nginx: Nginx, agency: Agency) -> None:
    film = make_film(agency)
    with nginx.client() as client:
        for status in (201, 200):
            assert {answer.status_code for answer in put_film(client, agency, nginx.url, film)} == {status}


def test_what_is_for_the_agencys_own_network_does_not_pass(nginx: Nginx) -> None:
    with nginx.client() as client:
        assert client.get(f"{nginx.url}/healthz").status_code == 200
        for path in ("/metrics", "/readyz", "//metrics", "/metrics/", "/%6detrics"):
            assert client.get(f"{nginx.url}{path}").status_code == 404, path


def test_a_part_that_is_too_large_is_refused_by_the_services_own_name(nginx: Nginx, agency: Agency) -> None:
    with nginx.client() as client:
        nonce = session(client, agency, nginx.url)
        body = bytes(2 * 1024 * 1024 + 1)
        path = f"/v1/films/{make_film(agency).film}/parts/0"
        answer = client.send(signed(agency, "PUT", nginx.url, path, nonce, body))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:attune-kit:problem:body-too-large")


def test_a_slow_part_that_moves_arrives(nginx: Nginx, agency: Agency) -> None:
    body = bytes(range(256)) * 400
    path = f"/v1/films/{make_film(agency).film}/parts/0"

    def dribbled() -> Iterator[bytes]:
        for start in range(0, len(body), 10_240):
            time.sleep(0.3)
            yield body[start : start + 10_240]

    with nginx.client() as client:
        request = signed(agency, "PUT", nginx.url, path, session(client, agency, nginx.url), body)
        slow = httpx.Request("PUT", request.url, headers=request.headers, content=dribbled())
        slow.headers.pop("transfer-encoding", None)
        assert client.send(slow).status_code == 201


def test_whoever_is_not_signed_in_cant_keep_the_service_busy(nginx: Nginx) -> None:
    with nginx.client() as client:
        statuses = [client.post(f"{nginx.url}/v1/staff/sign-in/options").status_code for _ in range(400)]
        assert {403, 429} == set(statuses), "refused for its origin, and then by nginx"
        assert client.get(f"{nginx.url}/v1/staff/session").status_code == 401, "who is signed in goes on"
