"""The command `companion-api`."""

import argparse
import logging.config
import os
import sys
from types import ModuleType

from companion_api.commands import serve
from companion_api.operations.logs import logging_config
from companion_api.service import NotStarted
from companion_api.settings import add_options, read_settings

COMMANDS: dict[str, ModuleType] = {"serve": serve}
_ABOUT = """The agency's service: takes in sealed films from kits and signs receipts for them.
It can't read what it stores; it needs the directory that `kit init` and `kit add` sign, and the receipt key."""


def main() -> None:
    """Run `companion-api` and exit with an `Exit` code."""
    parser = argparse.ArgumentParser("companion-api", description=_ABOUT)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=f"{module.SUMMARY[0].upper()}{module.SUMMARY[1:]}.",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        add_options(command)
        command.set_defaults(module=module, command=command)
    given = parser.parse_args()
    settings = read_settings(given.command, given, os.environ)
    logging.config.dictConfig(logging_config(settings.log))
    try:
        given.module.run(settings, given)
    except NotStarted as reason:
        print(f"companion-api: {reason}", file=sys.stderr)
        sys.exit(reason.exit_code)


if __name__ == "__main__":
    main()
