import pytest

from companion_api.staff.origin import Origin


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://films.example", "films.example"),
        ("https://films.example:8443", "films.example"),
        ("http://localhost:8080", "localhost"),
    ],
)
def test_an_origin_is_as_browsers_send_it(text: str, host: str) -> None:
    assert Origin(text).host == host


@pytest.mark.parametrize(
    "text",
    [
        "http://films.example",
        "https://films.example/",
        "https://films.example:443",
        "https://Films.example",
        "https://user@films.example",
        "https://films.example?x",
        "https://films.example:port",
        "films.example",
        "https://",
        "",
    ],
)
def test_what_is_no_origin_or_unsafe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="https://HOST"):
        Origin(text)
