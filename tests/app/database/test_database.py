"""The database: its migrations, what a failed transaction leaves, and what is told where it is away."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from app.database import migrations
from app.database.__main__ import main
from app.database.engine import Database, open_database
from app.database.schema import METADATA, installation, people
from app.errors import DatabaseAwayError
from app.settings import Settings, SettingsError, read_settings

PERSON = {"forgetting": b"", "texts": 0, "rows": 0, "since": 0.0, "changed": 0.0}


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {table.name for table in METADATA.sorted_tables}
        for table in METADATA.sorted_tables:
            columns = {column["name"]: column for column in found.get_columns(table.name)}
            assert list(columns) == list(table.columns.keys())
            for column in table.columns:
                # SQLite keeps the words of the declaration, PostgreSQL has names of its own.
                made = str(columns[column.name]["type"]).replace("DOUBLE PRECISION", "DOUBLE")
                wanted = column.type.compile(connection.dialect).replace("DOUBLE PRECISION", "DOUBLE")
                assert made == wanted and columns[column.name]["nullable"] == column.nullable
            assert found.get_pk_constraint(table.name)["constrained_columns"] == list(table.primary_key.columns.keys())
            assert {
                index["name"] for index in found.get_indexes(table.name) if not index.get("duplicates_constraint")
            } == {index.name for index in table.indexes}
            assert len(found.get_foreign_keys(table.name)) == len(table.foreign_keys)


def test_an_upgrade_is_done_once_and_keeps_the_salt(
    new_url: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_url()
    assert main(["upgrade", "--database", url]) == 0
    assert capsys.readouterr().out == f"the database has version {migrations.VERSION}, it had 0\n"
    first = open_database(read_settings({"database": url}))
    assert first is not None
    first.prepare()
    assert main(["upgrade", "--database", url]) == 0
    assert capsys.readouterr().out == f"the database has version {migrations.VERSION}\n"
    second = open_database(read_settings({"database": url}))
    assert second is not None
    second.prepare()
    assert len(first.salt) == 32 and first.salt == second.salt
    first.close()
    second.close()


def test_processes_that_upgrade_at_once_wait_for_each_other(new_url: Callable[[], str]) -> None:
    url = new_url()
    command = [sys.executable, "-W", "error", "-m", "app.database", "upgrade", "--database", url]
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=False), range(3)))
    assert [process.returncode for process in ended] == [0, 0, 0], [process.stderr for process in ended]
    assert sum("it had 0" in process.stdout for process in ended) == 1


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            connection.execute(people.insert().values(digest=b"a", **PERSON))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert connection.execute(people.select()).all() == []


def test_a_database_of_a_newer_version_is_refused(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with database.writing() as connection:
        connection.execute(installation.update().values(version=99))
    url = database.url.render_as_string(hide_password=False).replace("+psycopg", "")
    assert main(["upgrade", "--database", url]) == 2
    assert "made by a newer Tsuzuki" in capsys.readouterr().err
    other = open_database(read_settings({"database": url}))
    assert other is not None
    with pytest.raises(migrations.SchemaError, match="version 99"):
        other.prepare()
    other.close()


def test_postgresql_is_upgraded_by_the_command_alone(new_postgresql: Callable[[], str]) -> None:
    database = open_database(read_settings({"database": new_postgresql()}))
    assert database is not None
    with pytest.raises(migrations.SchemaError, match=r"run python -m app\.database upgrade"):
        database.prepare()
    database.upgrade()
    database.prepare()
    database.close()


def test_a_database_that_is_away_is_told_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("a file where the folder is to be")
    database = open_database(read_settings({"database": f"sqlite:///{folder}/tsuzuki.db"}))
    assert database is not None
    for _ in range(2):
        with pytest.raises(DatabaseAwayError), database.reading():
            pytest.fail("it is away")
    folder.unlink()
    with database.reading() as connection:
        assert connection.execute(people.select()).all() == []
    database.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 1000)
    assert main(["upgrade", "--database", f"sqlite:///{tmp_path}/a.db"]) == 1
    assert "the database is away" in capsys.readouterr().err
    assert main(["upgrade", "--database", "none"]) == 2
    assert main(["upgrade", "--database", "mysql://a"]) == 2
    assert "must be sqlite" in capsys.readouterr().err


def test_sqlite_writes_ahead_and_overwrites_what_is_deleted(tmp_path: Path) -> None:
    database = open_database(read_settings({"database": f"sqlite:///{tmp_path}/a.db"}))
    assert database is not None
    with database.reading() as connection:
        told = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    with database.writing() as connection:
        connection.execute(people.insert().values(digest=b"a mark to look for", **PERSON))
    with database.writing() as connection:
        connection.execute(people.delete())
    database.clean()
    assert not any(b"a mark to look for" in path.read_bytes() for path in tmp_path.iterdir())
    database.close()
    with sqlite3.connect(tmp_path / "a.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_the_default_lies_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    database = open_database(Settings(database="sqlite"))
    assert database is not None
    database.prepare()
    database.close()
    assert list(tmp_path.rglob("*.db")) or os.name == "nt"
    assert open_database(Settings(database=None)) is None


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"tsuzuki\[postgresql\]"):
        open_database(Settings(database="postgresql://a@b/c"))
