"""From a wish to a film that opens: asked at the service, admitted by the offline root, sealed by a kit, read back."""

import sys
from pathlib import Path

import pytest

from companion_api.staff.person import Role
from footage.admission import AdmissionRequests
from footage.age import HybridIdentity
from footage.film_key import open_film_key
from footage.keys import key_to_pem
from footage.messages import decode
from provisioning.__main__ import main
from provisioning.passphrase import VARIABLE
from tests.companion_api.builders import Kit, running
from tests.companion_api.library.builders import hand
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import Agency, make_film


def test_a_practitioner_is_admitted_and_opens_the_next_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agency, own = Agency(), HybridIdentity.generate()
    offline = tmp_path / "offline"
    offline.mkdir()
    (offline / "root.key.pem").write_bytes(key_to_pem(agency.root, b"twelve characters"))
    (offline / "directory.jws").write_text(agency.signed_directory())
    with running(tmp_path, agency) as service:
        practitioner, it = Staff(service, Role.PRACTITIONER), Staff(service, Role.IT)
        hand(service, agency.kit, practitioner)
        practitioner.send("POST", "/v1/staff/recipients", {"recipient": own.recipient.text})
        waiting = it.send("GET", "/v1/staff/waiting-recipients").content
        (tmp_path / "waiting.json").write_bytes(waiting)
        assert [request.recipient for request in decode(AdmissionRequests, waiting).requests] == [own.recipient.text]

        monkeypatch.setenv(VARIABLE, "twelve characters")
        arguments = ["recipient", "add", str(offline), str(tmp_path / "waiting.json"), "--compared"]
        monkeypatch.setattr(sys, "argv", ["kit", *arguments])
        main()

        service.publish((offline / "directory.jws").read_text())
        (request,) = practitioner.told("/v1/staff/recipients")
        assert request["state"] == "admitted"
        recipients = [entry.recipient for entry in service.directory.published.directory.recipients]
        film = make_film(agency, recipients=recipients)
        Kit(service).begin().put_film(film)
        key = practitioner.send("GET", f"/v1/staff/films/{film.film}/key").content
        assert open_film_key(key, film.film, film.identity.recipient.text, [own]) == film.identity
