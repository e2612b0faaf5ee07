"""Many append at once, in threads and in two processes: no number is left out, and the chain is whole."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import make_url

from companion_api.audit.trail import append, entries
from companion_api.audit.verification import walk
from companion_api.database.database import Database
from tests.footage.builders import Agency

NOW = "2026-11-20T10:00:00Z"
THREADS, EACH = 4, 15


def append_from_threads(database: Database, actor: str, threads: int, each: int) -> None:
    """Append `each` entries from each thread, each entry in a transaction of its own."""

    def run(thread: int) -> None:
        for number in range(each):
            with database.writing() as connection:
                append(connection, NOW, actor, "counted", f"thread:{thread}", number=number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))


def append_from_two_processes(database: Database, threads: int, each: int) -> None:
    """Let this process append as `service`, and another one as `operator`, at once."""
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", __name__, url, str(threads), str(each)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        append_from_threads(database, "service", threads, each)
        assert child.wait(60) == 0


def missing_of(database: Database, agency: Agency, threads: int, each: int) -> list[object]:
    """Verify the chain, and return what is not there of what was appended, in its order."""
    with database.reading() as connection:
        whole = walk(entries(connection), [], agency.verified_directory())
        found = [(e.actor, e.subject, e.detail["number"]) for e in entries(connection) if e.action == "counted"]
    actors = ("service", "operator")
    assert whole.count == len(found) == len(actors) * threads * each
    return [
        (actor, thread)
        for actor in actors
        for thread in range(threads)
        if [n for a, s, n in found if (a, s) == (actor, f"thread:{thread}")] != list(range(each))
    ]


def test_threads_of_two_processes_append_to_one_chain(database: Database, agency: Agency) -> None:
    append_from_two_processes(database, THREADS, EACH)
    assert missing_of(database, agency, THREADS, EACH) == []


if __name__ == "__main__":
    opened = Database(make_url(sys.argv[1]))
    print("ready", flush=True)
    append_from_threads(opened, "operator", int(sys.argv[2]), int(sys.argv[3]))
