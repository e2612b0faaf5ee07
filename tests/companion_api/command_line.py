"""Commands in the test's process, beside a running service."""

from companion_api.__main__ import parsed
from footage.keys import key_to_pem
from tests.companion_api.builders import Service


def run_command(service: Service, *arguments: str, **settings: object) -> None:
    """Run `companion-api ARGUMENTS…` with the settings of `service`. Raises as the command's `run`."""
    receipt_key = service.data.parent / "receipt.pem"
    receipt_key.write_bytes(key_to_pem(service.agency.receipt_key))
    given: dict[str, object] = {
        "DATA": service.data,
        "RECEIPT_KEY": receipt_key,
        "ROOT": service.agency.root_thumbprint,
        "DIRECTORY": service.directory_file,
    }
    if service.database.get_backend_name() != "sqlite":
        given["DATABASE"] = service.database.render_as_string(hide_password=False)
    given |= settings
    environment = {f"COMPANION_API_{name}": str(value) for name, value in given.items()}
    read, command = parsed(arguments, environment)
    command.module.run(read, command)
