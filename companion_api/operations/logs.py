"""The service's log on stderr: a line of text each for people, or a JSON object each for machines.

No line holds a nonce, a signature, a body, or a word about a family.
"""

from enum import StrEnum
from typing import Any


class LogForm(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


def logging_config(form: LogForm) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, which uvicorn hands to each worker too."""
    formatter: dict[str, object] = {"format": "%(asctime)s %(levelname)s %(message)s"}
    if form is LogForm.JSON:
        formatter = {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(process)d %(message)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "time",
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "alembic": {"level": "WARNING"},
            "uvicorn.error": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }
