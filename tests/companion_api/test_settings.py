"""Where settings come from, and the example that packages bring."""

import argparse
import tomllib
from pathlib import Path

import pytest

from companion_api.settings import OPTIONS, Settings, add_options, read_settings
from companion_api.staff.provider import ProviderSettings

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "companion-api.toml"


def _read(arguments: list[str], environment: dict[str, str]) -> Settings:
    parser = argparse.ArgumentParser("companion-api")
    add_options(parser)
    return read_settings(parser, parser.parse_args(arguments), environment)


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        'data = "a"\nreceipt-key = "b"\nroot = "c"\ndirectory = "d"\nport = 1\nhost = "file"\nworkers = 2\n'
    )
    found = _read(
        ["--port", "3"], {"COMPANION_API_CONFIG": str(file), "COMPANION_API_PORT": "2", "COMPANION_API_HOST": "env"}
    )
    assert (found.port, found.host, found.workers, found.log) == (3, "env", 2, "text")
    assert (found.data, found.store) == (Path("a"), "a/store")
    assert found.database.render_as_string() == "sqlite:///a/companion.sqlite3"


def test_the_example_is_read_and_names_only_settings_that_there_are() -> None:
    found = _read(["--config", str(EXAMPLE)], {})
    assert len(found.root) == 43
    lines = [line.removeprefix("# ") for line in EXAMPLE.read_text().splitlines() if " = " in line]
    assert tomllib.loads("\n".join(lines)).keys() <= {option.name for option in OPTIONS}


@pytest.mark.parametrize(
    ("text", "said"),
    [("data =", "Invalid value"), ('prot = "1"', "no setting prot"), (None, "no such file")],
)
def test_a_file_that_cant_be_used_is_named(
    tmp_path: Path, text: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit):
        _read(["--config", str(file)], {})
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("url", ["mysql://a/b", "no url"])
def test_a_database_that_is_not_supported_is_named(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _read(["--config", str(EXAMPLE), "--database", url], {})
    assert "--database" in capsys.readouterr().err


MUST = [word for name in ("data", "receipt-key", "root", "directory") for word in (f"--{name}", "x")]
PROVIDER = ["--oidc-issuer", "https://login.example", "--oidc-client-id", "attune", "--oidc-client-secret", "secret"]


def test_a_provider_is_one_of_three_settings_together() -> None:
    assert _read(MUST, {}).provider is None
    found = _read([*MUST, *PROVIDER], {}).provider
    assert found == ProviderSettings("https://login.example", "attune", Path("secret"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (PROVIDER[:4], "together"),
        (["--oidc-issuer", "http://login.example", *PROVIDER[2:]], "https://HOST"),
        (["--origin", "http://films.example"], "https://HOST"),
        (["--origin", "https://films.example/"], "https://HOST"),
    ],
)
def test_an_address_that_browsers_could_not_trust_is_named(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _read([*MUST, *arguments], {})
    assert said in capsys.readouterr().err
