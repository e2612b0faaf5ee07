"""Names that people give: of themselves and of their passkeys."""

import unicodedata


def one_line(name: str, most: int) -> str:
    """Return a name without spaces around it. Raises `ValueError` if it can't be shown in one line."""
    name = name.strip()
    if not 1 <= len(name) <= most or any(unicodedata.category(letter).startswith("C") for letter in name):
        raise ValueError(f"a name has 1 to {most} characters, none of them a control character")
    return name
