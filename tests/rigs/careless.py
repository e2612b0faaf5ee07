"""Runs a program that forgets to fsync, to prove that a rig would notice.

Put `python -m tests.rigs.careless file` before `python -m MODULE …`: the fsync of files is left out, with `folder` that
of folders.
"""

import os
import runpy
import stat
import sys
from unittest.mock import patch


def careless(forgotten: str) -> list[str]:
    """Return the words to put before a command."""
    return [sys.executable, "-m", __name__, forgotten] if forgotten else []


def main() -> None:
    """Run the program."""
    forgotten, _python, _m, module, *arguments = sys.argv[1:]
    careful_fsync = os.fsync

    def careless_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        if kind != forgotten:
            careful_fsync(descriptor)

    sys.argv = [module, *arguments]
    # Giving pages back makes the kernel write them first, which would hide what was forgotten.
    with patch.object(os, "fsync", careless_fsync), patch.object(os, "posix_fadvise", lambda *_: None):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
