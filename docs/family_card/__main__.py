"""Writes the family card in all languages, with an agency's name and phone number instead of the blank line."""

import argparse
import sys
from pathlib import Path

import typst

from docs.family_card.card import write


def main() -> None:
    """Write the cards and tell their files."""
    parser = argparse.ArgumentParser(prog="docs.family_card", description=__doc__)
    parser.add_argument("--contact", default="", help="name and phone number; without it, a line to write on")
    parser.add_argument("--output", type=Path, default=Path(), metavar="FOLDER", help="an existing folder (this one)")
    arguments = parser.parse_args()
    try:
        files = write(arguments.output, arguments.contact)
    except typst.TypstError:
        sys.exit("The contact is too long for the page. Next step: only a name and a phone number.")
    except OSError as reason:
        sys.exit(f"The cards can't be written ({reason.strerror}). Next step: name an existing folder with --output.")
    print(*files, sep="\n")


if __name__ == "__main__":
    main()
