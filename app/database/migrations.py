"""The migrations, in order: each brings a database one version on.

A migration is written once and stays as it is, whatever the tables become later: so it names its columns itself. A test
compares the tables that all of them make with those of ``schema.py``.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    select,
    text,
)

from app.database.schema import installation
from model.errors import UserError

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
_SALT_BYTES = 32
# Any number that nobody else locks in the same database: "tsuzuki" in ASCII.
_LOCK = 0x7473757A756B69


class SchemaError(UserError):
    """The tables of the database are not those that this service works with."""


def _people(connection: Connection) -> None:
    """Make the tables of people, and of the last changes."""
    tables = MetaData()

    def person(is_key: bool) -> Column[int]:
        owner = ForeignKey("people.id", ondelete="CASCADE")
        return Column("person", _NUMBER, owner, primary_key=is_key, nullable=False)

    Table(
        "people",
        tables,
        Column("id", _NUMBER, primary_key=True),
        Column("digest", LargeBinary, nullable=False, unique=True),
        Column("forgetting", LargeBinary, nullable=False),
        Column("texts", Integer, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("since", Double, nullable=False),
        Column("changed", Double, nullable=False),
        Index("people_by_change", "changed"),
        sqlite_autoincrement=True,
    )
    Table(
        "words",
        tables,
        Column("id", _NUMBER, primary_key=True),
        person(is_key=False),
        Column("word", Text, nullable=False),
        Column("uses", Integer, nullable=False),
        Column("weight", Double, nullable=False),
        Column("at", Integer, nullable=False),
        Column("passed_over", Integer, nullable=False),
        Index("words_of_person", "person", "word", unique=True),
        sqlite_autoincrement=True,
    )
    Table(
        "sequences",
        tables,
        person(is_key=True),
        *(Column(name, _NUMBER, primary_key=True) for name in ("before", "last", "word")),
        Column("weight", Double, nullable=False),
        Column("at", Integer, nullable=False),
    )
    Table("forgotten", tables, person(is_key=True), Column("digest", LargeBinary, primary_key=True))
    Table(
        "changes",
        tables,
        Column("id", _NUMBER, primary_key=True),
        Column("what", Text, nullable=False),
        Column("at", Double, nullable=False),
        Index("changes_by_time", "at"),
        sqlite_autoincrement=True,
    )
    tables.create_all(connection, checkfirst=False)


def _vocabularies(connection: Connection) -> None:
    """Make the table of custom vocabularies."""
    Table(
        "vocabularies",
        MetaData(),
        Column("name", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("changed", Double, nullable=False),
        Column("entries", Integer, nullable=False),
        Column("blocked", Integer, nullable=False),
        Column("content", Text, nullable=False),
    ).create(connection)


# To add one, write a function above and name it here, last; the version of a database is the number that it has had.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_people, _vocabularies)
VERSION = len(MIGRATIONS)


def version(connection: Connection) -> int:
    """Return the version of a database: the number of migrations that it has had, 0 for an empty one."""
    if not inspect(connection).has_table(installation.name):
        return 0
    return int(connection.execute(select(installation.c.version)).scalar_one())


def check(connection: Connection) -> None:
    """Raise ``SchemaError`` where the database has another version than this service works with."""
    found = version(connection)
    if found > VERSION:
        raise SchemaError(f"database: it has version {found}, made by a newer Tsuzuki; this one knows {VERSION}")
    if found < VERSION:
        raise SchemaError(f"database: it has version {found}, {VERSION} is needed: run python -m app.database upgrade")


def upgrade(connection: Connection) -> tuple[int, int]:
    """Do the migrations that a database has not had, within the transaction; return its version before and after.

    Raises ``SchemaError`` where a newer Tsuzuki made it. Processes that do it at once wait for each other.
    """
    if connection.dialect.name == "postgresql":  # SQLite's transaction has the only lock already
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    before = version(connection)
    if before > VERSION:
        check(connection)
    if before == 0:
        # Of this table every version knows every column.
        installation.create(connection)
        connection.execute(installation.insert().values(version=0, salt=secrets.token_bytes(_SALT_BYTES)))
    for migrate in MIGRATIONS[before:]:
        migrate(connection)
    connection.execute(installation.update().values(version=VERSION))
    return before, VERSION
