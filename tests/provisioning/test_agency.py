"""Making an agency and adding kits: keys are never overwritten, and what is made is what the others read."""

import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from device.config import read_config
from footage.authority import AuthorityExpired
from footage.directory import Policy, read_directory
from footage.enrolment import WaitingKit, WaitingKits, write_waiting_kits
from footage.errors import MessageMalformed
from footage.keys import KeyUnreadable, PublicJwk, new_key, thumbprint, to_jwk
from provisioning.__main__ import main
from provisioning.agency import Agency, _new_root
from provisioning.errors import AgencyInvalid, KitExists, PassphraseMissing
from provisioning.passphrase import VARIABLE, read_passphrase
from provisioning.recover import read_recovery_file
from tests.certificates import Authority

PASSPHRASE = b"twelve characters"


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    return Agency.create(tmp_path / "agency", PASSPHRASE)


def test_a_new_agency_has_its_keys_and_a_first_directory(agency: Agency) -> None:
    directory = agency.directory()
    assert (directory.version, directory.kits) == (1, ())
    recovery = read_recovery_file(agency.folder / "recovery.txt")
    assert recovery.root == agency.root
    assert directory.recipients[0].recipient == recovery.identity.recipient.text
    assert b"ENCRYPTED" in (agency.folder / "root.key.pem").read_bytes()
    assert all(file.stat().st_mode & 0o077 == 0 for file in agency.folder.iterdir())


def test_a_root_can_be_named_on_a_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["-looks-like-an-option", "good"])
    monkeypatch.setattr("provisioning.agency.thumbprint", lambda _key: next(names))
    _new_root()
    assert next(names, None) is None, "the first was thrown away"


def test_an_agency_is_never_made_over_another(agency: Agency) -> None:
    before = (agency.folder / "root.key.pem").read_bytes()
    with pytest.raises(AgencyInvalid):
        Agency.create(agency.folder, PASSPHRASE)
    assert (agency.folder / "root.key.pem").read_bytes() == before


def test_a_kit_is_added_in_the_next_version(agency: Agency) -> None:
    folder = Agency.unlock(agency.folder, PASSPHRASE).add_kit("kit-0001", "https://films.example/")
    config = read_config(folder / "kit.toml")
    directory = config.accepted_directory()
    assert directory == agency.directory()
    assert directory.version == 2
    assert config.service == "https://films.example"
    token = (folder / "directory.jws").read_text()
    assert read_directory(token, agency.root).kit("kit-0001").key == directory.kits[0].key
    assert thumbprint(config.kit_key().public_key()) != agency.root


def test_kits_are_pinned_to_the_agencys_authority_or_to_one_of_their_own(tmp_path: Path) -> None:
    ours, other = Authority("ours").pem, Authority("other").pem
    agency = Agency.create(tmp_path / "agency", PASSPHRASE, ours)
    for kit, given, pinned in (("kit-0001", "", ours), ("kit-0002", other, other)):
        config = read_config(agency.add_kit(kit, "https://films.example", authority=given) / "kit.toml")
        assert config.authority is not None
        assert config.authority.read_text() == pinned


def test_without_an_authority_kits_trust_whom_their_system_trusts(agency: Agency) -> None:
    config = read_config(agency.add_kit("kit-0001", "https://films.example") / "kit.toml")
    assert config.authority is None


@pytest.mark.parametrize(
    ("content", "code"),
    [("hello", "authority-invalid"), (Authority(ends=-1).pem, "authority-expired"), (None, "No such file")],
    ids=["no certificate", "expired", "no file"],
)
def test_an_authority_that_no_kit_could_use_makes_no_agency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, code: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(VARIABLE, PASSPHRASE.decode())
    monkeypatch.setattr("sys.argv", ["kit", "init", str(tmp_path / "agency"), "--authority", str(file)])
    with pytest.raises(SystemExit, match=code):
        main()
    assert not (tmp_path / "agency").exists()


def test_an_authority_that_has_expired_meanwhile_adds_no_kit(tmp_path: Path) -> None:
    agency = Agency.create(tmp_path / "agency", PASSPHRASE, Authority(ends=-1).pem)
    with pytest.raises(AuthorityExpired):
        agency.add_kit("kit-0001", "https://films.example")
    assert agency.directory().kits == ()


def test_a_decision_is_the_next_version_and_reaches_every_kit(agency: Agency) -> None:
    agency.add_kit("kit-0001", "https://films.example")
    directory = agency.decide(Policy(sound=False), "2027-01-01T00:00:00Z")
    assert (directory.version, directory.policy.sound, directory.valid_until) == (3, False, "2027-01-01T00:00:00Z")
    assert [entry.kit for entry in directory.kits] == ["kit-0001"]
    assert agency.decide(Policy(), None).valid_until is None


def test_a_kit_is_added_once(agency: Agency) -> None:
    folder = agency.add_kit("kit-0001", "https://films.example")
    key = (folder / "kit.key.pem").read_bytes()
    with pytest.raises(KitExists):
        agency.add_kit("kit-0001", "https://films.example")
    assert (folder / "kit.key.pem").read_bytes() == key
    assert agency.directory().version == 2


def test_a_wrong_passphrase(agency: Agency) -> None:
    with pytest.raises(KeyUnreadable, match="passphrase"):
        Agency.unlock(agency.folder, b"another passphrase")


def test_a_folder_that_is_no_agency(tmp_path: Path) -> None:
    with pytest.raises(AgencyInvalid, match="kit init"):
        Agency.unlock(tmp_path, PASSPHRASE)


def test_where_passphrases_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "from the environment")
    file = tmp_path / "passphrase"
    file.write_text("from the file\n")
    assert read_passphrase(None, new=True) == b"from the environment"
    assert read_passphrase(file, new=True) == b"from the file"
    file.write_text("short\n")
    with pytest.raises(PassphraseMissing, match="12"):
        read_passphrase(file, new=True)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PassphraseMissing, match="--passphrase-file"):
        read_passphrase(None)


def test_how_long_films_stay_is_decided_in_days(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE.decode())
    monkeypatch.setattr("os.umask", lambda _: 0o022)

    def decide(*options: str) -> Policy:
        monkeypatch.setattr("sys.argv", ["kit", "policy", str(agency.folder), *options])
        main()
        return agency.directory().policy

    assert decide("--erase-after-days", "30") == Policy(erase_after_days=30)
    assert decide("--max-age-days", "365", "--sound", "off") == Policy(False, 30, 365)
    assert decide() == Policy(False, 30, 365), "what is not named stays"
    for wrong in ("0", "3651", "two"):
        with pytest.raises(SystemExit):
            decide("--erase-after-days", wrong)


def test_what_telephones_carry_is_decided_in_megabytes(
    agency: Agency, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE.decode())
    monkeypatch.setattr("os.umask", lambda _: 0o022)

    def decide(*options: str) -> Policy:
        monkeypatch.setattr("sys.argv", ["kit", "policy", str(agency.folder), *options])
        main()
        return agency.directory().policy

    assert decide().hotspot_megabytes == 0
    assert "carry no films" in capsys.readouterr().out
    assert decide("--hotspot-megabytes", "2000").hotspot_megabytes == 2000
    assert "2000 MB" in capsys.readouterr().out
    assert decide("--hotspot-megabytes", "0") == Policy()
    for wrong in ("-1", "1000001", "two"):
        with pytest.raises(SystemExit):
            decide("--hotspot-megabytes", wrong)


def waits(kit: str, key: PublicJwk | None = None) -> WaitingKit:
    return WaitingKit(kit, key or to_jwk(new_key().public_key()), "2026-11-20T10:00:00Z")


def test_kits_that_made_their_keys_themselves_are_admitted_in_one_version(agency: Agency) -> None:
    waiting = [waits("kit-0001"), waits("kit-0002")]
    directory = agency.admit(waiting)
    assert directory.version == 2
    assert [(entry.kit, entry.key, entry.revoked) for entry in directory.kits] == [
        (one.kit, one.key, False) for one in waiting
    ]
    assert agency.admit(waiting) == directory, "nothing is new, so nothing is signed"
    assert not (agency.folder / "kits").exists(), "their keys never were here"


def test_a_kit_never_gets_another_key_nor_a_revoked_one_its_place_back(agency: Agency) -> None:
    before = agency.admit([waits("kit-0001")])
    with pytest.raises(KitExists, match="another key, or revokes it"):
        agency.admit([waits("kit-0002"), waits("kit-0001")])
    assert agency.directory() == before, "all or none"
    revoked = replace(before, kits=tuple(replace(kit, revoked=True) for kit in before.kits))
    agency._publish(revoked)
    with pytest.raises(KitExists, match="another key, or revokes it"):
        agency.admit([waits("kit-0001", before.kits[0].key)])


def test_a_key_has_one_name_so_that_it_can_be_revoked(agency: Agency) -> None:
    one = waits("kit-0001")
    with pytest.raises(KitExists, match="would outlive its revocation"):
        agency.admit([one, waits("kit-0002", one.key)])


def test_a_key_that_is_none_is_not_admitted(agency: Agency) -> None:
    with pytest.raises(MessageMalformed, match="P-256 point"):
        agency.admit([waits("kit-0001", PublicJwk("EC", "P-256", "A" * 43, "A" * 43))])
    assert agency.directory().version == 1


def admit(agency: Agency, file: Path, monkeypatch: pytest.MonkeyPatch, *, answers: str = "", flags: str = "") -> None:
    """Call `kit admit` as IT does."""
    monkeypatch.setattr("os.umask", lambda _: 0o022)
    monkeypatch.setenv(VARIABLE, PASSPHRASE.decode())
    monkeypatch.setattr("sys.argv", ["kit", "admit", str(agency.folder), str(file), *flags.split()])
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    main()


def test_a_person_says_of_each_kit_whether_it_shows_the_same(
    agency: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "enrolments.json"
    waiting = (waits("kit-0001"), waits("kit-0002"))
    file.write_bytes(write_waiting_kits(WaitingKits(1, waiting)))
    admit(agency, file, monkeypatch, answers="n\nn\n")
    assert agency.directory().version == 1
    admit(agency, file, monkeypatch, answers="n\ny\n")
    assert [entry.kit for entry in agency.directory().kits] == ["kit-0002"]
    said = capsys.readouterr().out.replace("\n", "")
    assert all(one.thumbprint in said for one in waiting)
    admit(agency, file, monkeypatch, flags="--compared")
    assert [entry.kit for entry in agency.directory().kits] == ["kit-0002", "kit-0001"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 2, "waiting": []}', b'{"format": 1, "waiting": [{}]}'])
def test_a_list_that_is_none(agency: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    file = tmp_path / "enrolments.json"
    file.write_bytes(content)
    with pytest.raises(SystemExit, match="message-malformed"):
        admit(agency, file, monkeypatch)
