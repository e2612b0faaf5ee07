"""Whether the agency decided otherwise since the recorder was put together."""

from pathlib import Path

from device.config import KitConfig
from device.errors import ConfigInvalid
from footage.directory import Policy


class PolicyWatch:
    """Looks at the accepted directory when its file was replaced; the uplink does that."""

    def __init__(self, config: KitConfig) -> None:
        """Raises `ConfigInvalid`."""
        self._config = config
        self._seen = self._replaced_at()
        self.policy: Policy = config.accepted_directory().policy

    def changed(self) -> bool:
        """Return whether the policy is another one now. A directory that can't be used changes nothing."""
        if (replaced_at := self._replaced_at()) == self._seen:
            return False
        self._seen = replaced_at
        try:
            return self._config.accepted_directory().policy != self.policy
        except ConfigInvalid:
            return False  # the next film says so

    def _replaced_at(self) -> tuple[int, int]:
        return replaced_at(self._config.directory), replaced_at(self._config.accepted)


def replaced_at(file: Path) -> int:
    """Return when a file was last replaced or written, in nanoseconds since 1970; 0 if there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
