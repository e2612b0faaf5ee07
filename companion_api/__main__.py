"""The command `companion-api`."""

import argparse
import logging.config
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NoReturn

from companion_api.commands import account, audit, backup, enrolment, kits, restore, scrub, serve, upkeep, withdraw
from companion_api.operations.logs import logging_config
from companion_api.problems import Refusal
from companion_api.service import Exit, NotStarted
from companion_api.settings import Settings, add_options, read_settings
from companion_api.stores.store import StoreFailed, StoreFull

COMMANDS: dict[str, ModuleType] = {
    "serve": serve,
    "account": account,
    "kits": kits,
    "enrolment": enrolment,
    "upkeep": upkeep,
    "withdraw": withdraw,
    "scrub": scrub,
    "backup": backup,
    "restore": restore,
    "audit": audit,
}
_ABOUT = """The agency's service: takes in sealed films from kits and signs receipts for them.
It can't read what it stores; it needs the directory that the agency root signs (`kit init`), and the receipt key."""


def parsed(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Settings, argparse.Namespace]:
    """Return the settings and what was given to the command, whose `module` is to be run. Exits as argparse does."""
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
    given = parser.parse_args(arguments)
    return read_settings(given.command, given, environment), given


def main() -> None:
    """Run `companion-api` and exit with an `Exit` code."""
    settings, given = parsed(sys.argv[1:], os.environ)
    logging.config.dictConfig(logging_config(settings.log))
    try:
        given.module.run(settings, given)
    except NotStarted as reason:
        _end(reason.exit_code, str(reason))
    except Refusal as refusal:
        _end(Exit.REFUSED, f"{refusal.problem.code}: {refusal.detail}")
    except (StoreFull, StoreFailed) as reason:
        _end(Exit.DATA_UNUSABLE, str(reason))


def _end(exit_code: Exit, why: str) -> NoReturn:
    print(f"companion-api: {why}", file=sys.stderr)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
