"""The file of networks: what is taken, what is refused and why. `tests/rigs/test_network_manager.py` has the reader."""

import json
from pathlib import Path

import pytest

from provisioning.__main__ import main
from provisioning.errors import NetworksInvalid
from provisioning.network_profiles import write_profiles
from provisioning.networks import FORM, Networks, Wifi, read_networks
from tests.provisioning.certificates import certificate

SECRET = "correct horse battery"


def asked_nobody(question: str) -> str:
    raise AssertionError(question)


def read(folder: Path, text: str) -> Networks:
    file = folder / "networks.toml"
    file.write_text(text)
    file.chmod(0o600)
    return read_networks(file, asked_nobody)


def wifi(**changes: object) -> str:
    values: dict[str, object] = {"ssid": "Agency", "passphrase": SECRET, **changes}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]  # TOML too
    return 'country = "NL"\n[[wifi]]\n' + "\n".join(lines)


def test_the_form_that_the_help_shows_is_one(tmp_path: Path) -> None:
    (tmp_path / "council-ca.pem").write_text(certificate())
    form, _, options = FORM.partition("\nhidden")
    networks = read(tmp_path, form.partition("\n\n")[2].replace('"…"', f'"{SECRET}"') + "\nhidden" + options)
    assert [one.ssid for one in networks.wifi] == ["Agency", "Council"]
    assert networks.wifi[1].ca == certificate()
    assert networks.hotspot == (Wifi("Anna's telephone", SECRET, hidden=True, wpa3_only=True),)


def test_secrets_that_the_file_leaves_out_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "networks.toml"
    file.write_text('country = "GB"\n[[wifi]]\nssid = "Agency"\n[[hotspot]]\nssid = "Anna"\n')
    file.chmod(0o600)
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return SECRET

    networks = read_networks(file, ask)
    assert [one.passphrase for one in networks.wifi + networks.hotspot] == [SECRET, SECRET]
    assert questions == ["Passphrase of Agency: ", "Passphrase of Anna: "]


@pytest.mark.parametrize("passphrase", ["12345678", "~" * 63, "0123456789abcdefABCDEF" + "0" * 42])
def test_what_can_be_a_passphrase(tmp_path: Path, passphrase: str) -> None:
    assert read(tmp_path, wifi(passphrase=passphrase)).wifi[0].passphrase == passphrase


@pytest.mark.parametrize("passphrase", ["1234567", "x" * 64, "0" * 65, "pässword", "12345678\\u0007"])
def test_what_can_not_be_a_passphrase_and_is_not_told(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(NetworksInvalid, match="8 to 63") as refusal:
        read(tmp_path, f'country = "NL"\n[[wifi]]\nssid = "Agency"\npassphrase = "{passphrase}"')
    assert passphrase not in str(refusal.value)


def test_a_key_is_no_passphrase_of_wpa3(tmp_path: Path) -> None:
    with pytest.raises(NetworksInvalid, match="8 to 63"):
        read(tmp_path, wifi(passphrase="0" * 64, wpa3_only=True))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "country"),
        ('country = "Netherlands"', "country"),
        ('country = "UK"', "GB"),
        ('country = "NL"\nwired = true', "wired"),
        ('country = "NL"\n[[wifi]]\npassphrase = "correct horse"', "ssid"),
        ('country = "NL"\n[[wifi]]\nssid = ""', "0 bytes"),
        (wifi(ssid="é" * 17), "34 bytes"),
        (wifi(ssid="two\nlines"), "one line"),
        (wifi() + f'\n[[hotspot]]\nssid = "Agency"\npassphrase = "{SECRET}"', "twice"),
        (wifi(password=SECRET), "identity"),
        (wifi(identity="kit-0001"), "passphrase"),
        (wifi(passphrase="", identity="kit-0001", password=SECRET), "domain and ca"),
        (wifi(passphrase="", identity="kit-0001", password=SECRET, domain="x.example", ca="no.pem"), "certificate"),
        ('country = "NL"\n[[hotspot]]\nssid = "x"\nidentity = "kit-0001"', "hotspot"),
        ('country = "NL"\n[[wifi]\n', "help"),
    ],
    ids=range(15),
)
def test_what_is_refused_and_why(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(NetworksInvalid, match=why) as refusal:
        read(tmp_path, text)
    assert SECRET not in str(refusal.value)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "networks.toml"
    file.write_text(wifi())
    file.chmod(0o640)
    with pytest.raises(NetworksInvalid, match="chmod 600"):
        read_networks(file, asked_nobody)


def test_only_certificates_leave_the_file_of_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + certificate())
    enterprise = wifi(passphrase="", identity="kit-0001", password=SECRET, domain="x.example", ca="ca.pem")
    assert read(tmp_path, enterprise).wifi[0].ca == certificate()


def test_profiles_are_their_owners_alone_and_old_ones_go(tmp_path: Path) -> None:
    first = write_profiles(Networks("NL", (Wifi("a", SECRET), Wifi("b", SECRET)), (Wifi("c", SECRET),)), tmp_path)
    assert all(file.stat().st_mode & 0o077 == 0 for file in first)
    folder = first[0].parent
    others = folder / "of-somebody-else.nmconnection"
    others.touch()
    second = write_profiles(Networks("NL", (Wifi("b", SECRET),)), tmp_path)
    assert set(folder.iterdir()) == {file for file in second if file.parent == folder} | {others}
    assert "regdom=NL\n" in (tmp_path / "modprobe.d" / "attune-kit-wifi.conf").read_text()


def test_a_network_keeps_its_uuid_wherever_it_stands(tmp_path: Path) -> None:
    def uuids(*ssids: str) -> dict[str, str]:
        files = write_profiles(Networks("NL", tuple(Wifi(ssid, SECRET) for ssid in ssids)), tmp_path)
        texts = [file.read_text() for file in files if file.suffix == ".nmconnection"]
        return {text.split("id=")[1].split("\n")[0]: text.split("uuid=")[1].split("\n")[0] for text in texts}

    assert uuids("a", "b") == uuids("b", "a")
    assert len(set(uuids("a", "b").values())) == 3


def test_the_command_tells_files_and_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read(tmp_path, wifi())
    monkeypatch.setattr("os.umask", lambda _: 0o022)
    monkeypatch.setattr("sys.argv", ["kit", "networks", str(tmp_path / "networks.toml"), str(tmp_path / "etc")])
    main()
    said = capsys.readouterr().out
    assert "attune-wifi-1.nmconnection" in said.replace("\n", "")
    assert SECRET not in said
    (tmp_path / "networks.toml").write_text('country = "NL"\n[[wifi]]\nssid = "Agency"\n')
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(SystemExit, match="networks-invalid"):
        main()
