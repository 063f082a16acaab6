"""A PostgreSQL server of Debian's package, for one run of the tests."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# Root may not run the server; Debian's package brings a user for it.
_USER = ["runuser", "-u", "postgres", "--"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def programs() -> Path | None:
    """The folder of the server's programs, of the newest version; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found and (not _USER or shutil.which("runuser")) else None


@contextmanager
def running_postgresql(folder: Path) -> Iterator[str]:
    """Run a server whose data and socket lie in ``folder``; yields its URL, {} in it for the database."""
    bin_ = programs()
    assert bin_ is not None
    # A socket's path has a hundred letters at most, and the folder is to belong to the server's user.
    with TemporaryDirectory(prefix="pg", dir="/tmp") as short:
        if _USER:
            shutil.chown(short, "postgres", "postgres")
        data = Path(short) / "data"
        subprocess.run(
            [*_USER, bin_ / "initdb", "-D", data, "-A", "trust", "-U", "tsuzuki", "-E", "UTF8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        log = (folder / "postgresql.log").open("wb")
        server = subprocess.Popen(
            [*_USER, bin_ / "postgres", "-D", data, "-k", short, "-c", "listen_addresses=", "-c", "fsync=off"],
            stdout=log, stderr=log, cwd="/",
        )  # fmt: skip
        try:
            ready: list[str | Path] = [bin_ / "pg_isready", "-q", "-h", short, "-U", "tsuzuki"]
            while subprocess.run(ready, check=False).returncode:
                assert server.poll() is None, (folder / "postgresql.log").read_text()
                time.sleep(0.05)
            yield f"postgresql://tsuzuki@/{{}}?host={short}"
        finally:
            subprocess.run([*_USER, bin_ / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-s"], check=True, cwd="/")
            server.wait()
            log.close()


def new_database(url: str, name: str) -> str:
    """Make an empty database on a running server, and return its URL; in place of one of that name."""
    host = url.partition("host=")[2]
    bin_ = programs()
    assert bin_ is not None
    for command in ("dropdb --if-exists --force", "createdb"):
        program, *options = command.split()
        subprocess.run(
            [bin_ / program, *options, "-h", host, "-U", "tsuzuki", name], check=True, stderr=subprocess.DEVNULL
        )
    return url.format(name)
