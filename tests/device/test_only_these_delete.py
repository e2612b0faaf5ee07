"""Nothing but a valid receipt or a take-back deletes a film: all code of the kit is read for whatever could.

What can remove, rename, cut or overwrite a file stands in these tables, with why it harms no film; a new one must be
entered here. The other half of the proof is `tests/scenarios/test_no_film_is_lost.py`, which watches a kit at work.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Names that are suspicious wherever they stand, also when they are only handed on.
_REMOVING = {
    *("unlink", "rmdir", "removedirs", "rmtree", "rename", "renames", "truncate", "ftruncate", "sendfile", "pwrite"),
    *("write_text", "write_bytes", "copyfile", "copytree", "copy2", "symlink_to", "hardlink_to", "symlink"),
}
_CALLED = {
    *("open", "fdopen", "FileIO", "remove", "replace", "system", "popen", "Popen", "check_call", "check_output"),
    *("execv", "eval", "exec", "link"),
}
_MODULES = {"shutil", "tempfile", "subprocess", "sqlite3", "mmap", "ctypes", "multiprocessing", "importlib"}
_OF_FILMS = {
    *("erase", "destroy", "take_back", "forget", "drop_receipt", "keep_receipt", "_remove_all_but"),
    *("write_file", "create_file", "write_temporary", "remove_file", "remove_folder", "remove_temporaries"),
}

TOUCHING_FILES = {
    "device/__main__.py: import importlib": "loads a command of ours by its name",
    "device/clock.py: import ctypes": "asks and tells the kernel about its clock",
    "device/commands/status.py: _watch open": "/dev/null, in the place of a pipe that nobody reads any more",
    "device/muxer.py: Muxer.__init__ open": "a muxer that writes into memory",
    "device/pi/alsa.py: _open_any open": "a microphone, to read",
    "device/sealed_film.py: SealedFilm._write open": "SpooledFilm.open: begins a film, see below",
    "device/selftest/card.py: import shutil": "for the next",
    "device/selftest/card.py: measure rmtree": "the self-test's own folder beside the films",
    "device/heartbeat.py: heartbeat system": "what system the kit has",
    "device/sim/encoder.py: PictureEncoder.__init__ open": "an encoder in memory",
    "device/sim/video_file.py: VideoFile.__init__ open": "a video to replay, to read",
    "device/software.py: import importlib": "asks for the software's version",
    "device/sound_encoder.py: SoundEncoder.__init__ open": "an encoder in memory",
    "device/spool.py: Spool._claim open": "the spool's folder, read-only, to lock it",
    "device/spool.py: Spool._remember write_text": "which film is the last, in the status folder",
    "device/spooled_film.py: SpooledFilm._alone open": "the films' folder, read-only, to lock it",
    "device/spooled_film.py: SpooledFilm._remove_all_but unlink": "THE place where films go; its callers are below",
    "device/status.py: write_status replace": "a status file",
    "device/status.py: write_status write_bytes": "a status file",
    "footage/durable.py: _create_synced open": "a new file only: O_EXCL",
    "footage/durable.py: _create_synced unlink": "the file that it has just begun and could not write",
    "footage/durable.py: _sync open": "to fsync, read-only",
    "footage/durable.py: remove_file unlink": "its callers are below",
    "footage/durable.py: remove_folder rmdir": "an empty folder only",
    "footage/durable.py: remove_temporaries unlink": "what never got its name",
    "footage/durable.py: write_file replace": "the new whole file over the old; its callers are below",
    "footage/durable.py: write_file unlink": "its own temporary file",
    "footage/film_key.py: import subprocess": "the child that makes a film's identity, and has no path",
}
"""Every place that could touch a file."""

ENDING_FILMS = {
    # A film's files, by which it goes on.
    "device/spooled_film.py: SpooledFilm.begin write_file": "film.key of a film that begins",
    "device/spooled_film.py: SpooledFilm.open write_file": "opening.json, once, before the first part",
    "device/spooled_film.py: SpooledFilm.add_part create_file": "a new part",
    "device/spooled_film.py: SpooledFilm.close write_file": "the manifest",
    "device/spooled_film.py: SpooledFilm.keep_receipt write_file": "the receipt",
    "device/spooled_film.py: SpooledFilm.take_back write_file": "the tombstone",
    "device/uplink/courier.py: Courier._obtain_receipt keep_receipt": "one that has just been verified",
    # What removes some of a film.
    "device/spooled_film.py: SpooledFilm.erase _remove_all_but": "verifies the receipt first",
    "device/spooled_film.py: SpooledFilm.destroy _remove_all_but": "demands the tombstone first",
    "device/spooled_film.py: SpooledFilm.take_back destroy": "has just written the tombstone",
    "device/spooled_film.py: SpooledFilm.drop_receipt remove_file": "a receipt, so that the film stays",
    "device/spooled_film.py: SpooledFilm.forget remove_file": "only what remains when nothing else is left",
    "device/spooled_film.py: SpooledFilm.forget remove_folder": "the same",
    # Who calls for that.
    "device/uplink/courier.py: Courier._erase erase": "of a film with a receipt, by a directory that holds",
    "device/uplink/courier.py: Courier._erase drop_receipt": "when it proves false",
    "device/uplink/courier.py: Courier.do destroy": "of a film with a tombstone",
    "device/uplink/courier.py: Courier.do forget": "after the agency was told",
    "device/spool.py: _settle destroy": "of a film with a tombstone",
    "device/spool.py: _settle forget": "of a film that never began",
    "device/spool.py: _settle remove_temporaries": "what never got its name",
    "device/spool.py: Spool.recover remove_temporaries": "the same",
    "device/sealed_film.py: SealedFilm.close forget": "of a film that never began",
    "device/supervisor.py: Supervisor._destroy_last_film take_back": "the family held its button",
    # Other files.
    "device/enrolment.py: enrol remove_temporaries": "in the settings' folder",
    "device/enrolment.py: enrol write_file": "settings and directory",
    "device/enrolment.py: _pinned write_file": "the authority of the service's certificate, in the settings' folder",
    "device/enrolment.py: _own_key write_file": "the kit's key, where there is none",
    "device/selftest/card.py: _write create_file": "in the self-test's own folder beside the films",
    "device/selftest/memory.py: remember write_file": "what the self-test found",
    "device/uplink/courier.py: Courier.accept_directory write_file": "the accepted directory",
    "device/uplink/metered.py: Meter._write write_file": "bytes of the month, beside the films",
    "footage/durable.py: write_file write_temporary": "a new file under a name of its own",
}
"""Every place that calls what makes or ends a film, or a durable file."""


def found_in(source: str, names: set[str], called: set[str], modules: set[str]) -> Iterator[str]:
    """Yield "scope what" for all that is suspicious in a file's code."""

    def looked_at(node: ast.AST, scope: tuple[str, ...]) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                whole = [child.module or ""] if isinstance(child, ast.ImportFrom) else [one.name for one in child.names]
                own = {name.split(".")[0] for name in whole} & modules
                yield from (f"import {name}" for name in own)
                yield from (f"import {one.name}" for one in child.names if one.name in names)
            inner = (*scope, child.name) if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else scope
            if (name := _name(child)) in names:
                yield f"{'.'.join(scope)} {name}"
            if isinstance(child, ast.Call) and (name := _name(child.func)) in called and _is_of_files(child, name):
                yield f"{'.'.join(scope)} {name}"
            yield from looked_at(child, inner)

    yield from looked_at(ast.parse(source), ())


def _is_of_files(call: ast.Call, name: str) -> bool:
    """Return whether it is not only called so: texts and messages have a `replace` too, lists a `remove`."""
    of_os = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("os", "shutil")
    return of_os or (name != "remove" and (name != "replace" or len(call.args) + len(call.keywords) == 1))


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def everywhere(names: set[str], called: set[str], modules: set[str]) -> set[str]:
    return {
        f"{file.relative_to(ROOT)}: {what}"
        for package in ("device", "footage")
        for file in sorted((ROOT / package).rglob("*.py"))
        for what in found_in(file.read_text(), names, called, modules)
    }


def test_every_place_that_could_touch_a_file_is_known() -> None:
    assert everywhere(_REMOVING, _CALLED, _MODULES) == TOUCHING_FILES.keys()


def test_every_way_to_the_end_of_a_film_is_known() -> None:
    assert everywhere(_OF_FILMS, set(), set()) == ENDING_FILMS.keys()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("film.folder.rmdir()", "f rmdir"),
        ("map(Path.unlink, files)", "f unlink"),
        ("from os import unlink as tidy", "import unlink"),
        ("part.replace(other)", "f replace"),
        ("os.replace(other, part)", "f replace"),
        ("os.remove(part)", "f remove"),
        ("os.truncate(part, 0)", "f truncate"),
        ("part.open('r+b')", "f open"),
        ("open(part, 'w')", "f open"),
        ("import shutil", "import shutil"),
        ("part.write_bytes(b'')", "f write_bytes"),
        ("os.system('rm -r films')", "f system"),
    ],
)
def test_a_new_one_would_be_found(line: str, found: str) -> None:
    assert list(found_in(f"def f():\n    {line}\n", _REMOVING, _CALLED, _MODULES)) == [found]


def test_what_only_sounds_like_it_is_not_found() -> None:
    harmless = 'def f():\n    "a".replace("a", "b")\n    films.remove(1)\n    uplink.run()\n'
    assert list(found_in(harmless, _REMOVING, _CALLED, _MODULES)) == []


def test_the_package_removes_nothing_of_the_spool() -> None:
    """`tests/rigs/test_package.py` purges it."""
    for script in ROOT.glob("debian/attune-kit-device.p*"):
        assert "rm " not in script.read_text()
        assert "/var/lib" not in script.read_text()
    lines = (ROOT / "debian/attune-kit-device.tmpfiles").read_text().splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert {kind for kind, *_ in rules} == {"d", "z"}, "make folders, set owners; D, R and the like remove"
    assert max(map(len, rules)) == 5, "a sixth word would be an age, after which files go"
