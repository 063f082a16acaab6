"""Connections to the database, SQLite or PostgreSQL: transactions that read, transactions that write, and threads."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_path
from sqlalchemy import URL, Connection, create_engine, event, make_url, select
from sqlalchemy.exc import DatabaseError, IntegrityError, InterfaceError, ProgrammingError, TimeoutError

from app.database import migrations
from app.database.schema import METADATA, installation
from app.errors import DatabaseAwayError
from app.settings import OWN_SQLITE, Settings, SettingsError, variable

# How long a writer waits for another one, and anybody for a connection.
_PATIENCE_SECONDS = 5
# SQLite has one writer at a time; with PostgreSQL, people do not wait for each other.
_THREADS = {"sqlite": 2, "postgresql": 4}
_PRAGMAS = (
    # Readers do not wait for the writer, nor it for them.
    "journal_mode=WAL",
    # What was answered is on the disk, not in the system's memory only.
    "synchronous=FULL",
    "foreign_keys=ON",
    # What is deleted is overwritten.
    "secure_delete=ON",
)

Result = TypeVar("Result")

log = logging.getLogger("tsuzuki")


class Database:
    """A database between ``__init__`` and ``close``; it connects when it is first used, and in no other process.

    Whatever uses it gets ``DatabaseAwayError`` where it cannot be reached, is full or is damaged.
    """

    def __init__(self, url: URL) -> None:
        self.url, self.kind = url, url.get_backend_name()
        threads = _THREADS[self.kind]
        options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": _PATIENCE_SECONDS, "max_overflow": 0}
        if self.kind == "sqlite":
            options["connect_args"] = {"timeout": _PATIENCE_SECONDS, "check_same_thread": False}
        else:
            options |= {"connect_args": {"connect_timeout": _PATIENCE_SECONDS}, "pool_pre_ping": True}
        try:
            self._engine = create_engine(url, pool_size=threads, **options)
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"{variable('database')}: PostgreSQL needs {error.name}: install the extra tsuzuki[postgresql]"
            ) from None
        if self.kind == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._threads = ThreadPoolExecutor(threads, "database")
        self._preparing = threading.Lock()
        self._is_ready = False
        self._salt = b""

    @property
    def salt(self) -> bytes:
        """The salt of this installation's digests. Raises ``DatabaseAwayError`` until the database was reached."""
        if not self._salt:
            raise DatabaseAwayError
        return self._salt

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees the database as it is at one moment."""
        with self._told(), self._connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is on disk when the ``with`` ends, or that has left nothing where it fails."""
        with self._told(), self._connected(sqlite_begin="BEGIN IMMEDIATE") as connection:
            yield connection

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do some work in a thread of the database."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def prepare(self) -> None:
        """Connect once: bring SQLite's tables up to date, of PostgreSQL check that they are.

        Raises ``DatabaseAwayError``, or ``SchemaError`` where the tables are of another version. What has failed is
        tried anew the next time.
        """
        with self._told(), self._preparing:
            if self._is_ready:
                return
            if self.kind == "sqlite":
                Path(self.url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
                self._upgrade()
            with self._engine.connect() as connection:
                migrations.check(connection)
                self._salt = bytes(connection.execute(select(installation.c.salt)).scalar_one())
            self._is_ready = True

    def upgrade(self) -> tuple[int, int]:
        """Bring the tables up to date; return the version before and after."""
        with self._told():
            if self.kind == "sqlite":
                Path(self.url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
            return self._upgrade()

    def clean(self) -> None:
        """Leave no trace of what was deleted in the files: rewrite them, the log of SQLite too."""
        if self.kind == "sqlite":
            options, commands = {"sqlite_begin": ""}, ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
        else:
            options = {"isolation_level": "AUTOCOMMIT"}
            commands = [f"VACUUM {table.name}" for table in METADATA.sorted_tables]
        with self._told(), self._engine.connect().execution_options(**options) as connection:
            for command in commands:
                connection.exec_driver_sql(command)

    def close(self) -> None:
        """Finish what was begun, and close all connections."""
        self._threads.shutdown()
        self._engine.dispose()

    def _upgrade(self) -> tuple[int, int]:
        writing = self._engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with writing as connection, connection.begin():
            return migrations.upgrade(connection)

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[Connection]:
        self.prepare()
        if self.kind == "postgresql" and not options:
            options = {"isolation_level": "REPEATABLE READ"}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, ProgrammingError):
            raise  # a fault of ours
        except (DatabaseError, InterfaceError, TimeoutError, OSError) as error:
            # Its message may quote what was to be written.
            log.warning("database away", extra={"fields": {"error": _name(error)}})
            raise DatabaseAwayError from None


def _name(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver is not to begin transactions by itself: it would do so without a lock.
    connection.isolation_level = None
    # Not every SQLite is built with it.
    connection.create_function("power", 2, pow, deterministic=True)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if command := connection.get_execution_options().get("sqlite_begin", "BEGIN"):
        connection.exec_driver_sql(command)


def open_database(settings: Settings) -> Database | None:
    """Return the database of the settings, which connects when it is first used; None where there is none.

    Raises ``SettingsError`` where it needs a package that is not installed.
    """
    if settings.database is None:
        return None
    if settings.database == OWN_SQLITE:
        return Database(URL.create("sqlite", database=str(user_data_path("tsuzuki") / "tsuzuki.db")))
    url = make_url(settings.database)
    return Database(url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url)


def check_at_start(settings: Settings) -> None:
    """Prepare the database of the settings; where it is away, the log says so, and the service can start.

    Raises ``SchemaError`` where its tables are of another version, ``SettingsError`` where a package is missing.
    """
    database = open_database(settings)
    if database is None:
        return
    try:
        database.prepare()
    except DatabaseAwayError:
        return  # suggestions need none, and it is tried anew
    finally:
        database.close()
