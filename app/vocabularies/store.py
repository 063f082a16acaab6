"""The custom vocabularies in the database. Every function here waits for it, and is called in a thread of its own."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from app.database.engine import Database
from app.database.schema import installation
from app.database.schema import vocabularies as table
from app.errors import TooManyEntriesError, UnknownVocabularyError
from app.schemas.vocabularies import Vocabulary, VocabularyEntry, VocabularyList, VocabularySummary
from model.lm.words.custom_vocabulary import CustomVocabulary, Entry

# Entries and blocked words of all vocabularies: some 30 MB in each worker.
MOST_ENTRIES = 100_000

_SUMMARY = (table.c.name, table.c.entries, table.c.blocked, table.c.changed)


class Stored(NamedTuple):
    """A vocabulary made ready for searches, and the version that it has in the database."""

    version: int
    vocabulary: CustomVocabulary


class VocabularyStore:
    """Reads and writes vocabularies. Raises ``DatabaseAwayError`` where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, given: Vocabulary) -> tuple[VocabularySummary, Stored]:
        """Keep a vocabulary in the place of one of its name. Raises ``TooManyEntriesError``."""
        vocabulary = _made(given)
        entries, blocked = len(vocabulary.texts), len(given.blocked)
        version, changed = time.time_ns(), time.time()
        with self._database.writing() as connection:
            # One after the other, with PostgreSQL too: nobody else is to fill the room that is counted here.
            connection.execute(select(installation.c.version).with_for_update())
            connection.execute(delete(table).where(table.c.name == name))
            others = connection.execute(select(func.sum(table.c.entries + table.c.blocked))).scalar_one() or 0
            if others + entries + blocked > MOST_ENTRIES:
                raise TooManyEntriesError(others + entries + blocked, MOST_ENTRIES)
            row = {"name": name, "entries": entries, "blocked": blocked, "changed": changed}
            content = {"entries": vocabulary.entries(), "blocked": given.blocked}
            text = json.dumps(content, ensure_ascii=False)
            connection.execute(insert(table).values(**row, version=version, content=text))
        return _summary(row), Stored(version, vocabulary)

    def get(self, name: str) -> Vocabulary:
        """Return a vocabulary as it is kept. Raises ``UnknownVocabularyError``."""
        with self._database.reading() as connection:
            content = _content(connection, name)
        entries = [VocabularyEntry(text=text, weight=weight) for text, weight in content["entries"]]
        return Vocabulary(entries=entries, blocked=content["blocked"])

    def delete(self, name: str) -> VocabularySummary:
        """Delete a vocabulary, and return what it was. Raises ``UnknownVocabularyError``."""
        with self._database.writing() as connection:
            row = connection.execute(select(*_SUMMARY).where(table.c.name == name)).one_or_none()
            if row is None:
                raise UnknownVocabularyError(name)
            connection.execute(delete(table).where(table.c.name == name))
        return _summary(row._asdict())

    def list(self) -> VocabularyList:
        """List all vocabularies by their names."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*_SUMMARY).order_by(table.c.name)).all()
        return VocabularyList(vocabularies=[_summary(row._asdict()) for row in rows])

    def newest(self, held: Mapping[str, Stored]) -> dict[str, Stored]:
        """Return all vocabularies, those of ``held`` that are still the newest as they are."""
        with self._database.reading() as connection:
            versions = connection.execute(select(table.c.name, table.c.version)).all()
            return {name: self._newer(connection, name, version, held.get(name)) for name, version in versions}

    def _newer(self, connection: Connection, name: str, version: int, held: Stored | None) -> Stored:
        if held is not None and held.version == version:
            return held
        content = _content(connection, name)
        return Stored(version, CustomVocabulary(map(Entry._make, content["entries"]), content["blocked"]))


def _content(connection: Connection, name: str) -> dict[str, Any]:
    text = connection.execute(select(table.c.content).where(table.c.name == name)).scalar_one_or_none()
    if text is None:
        raise UnknownVocabularyError(name)
    content: dict[str, Any] = json.loads(text)
    return content


def _made(given: Vocabulary) -> CustomVocabulary:
    return CustomVocabulary([Entry(entry.text, entry.weight) for entry in given.entries], given.blocked)


def _summary(row: dict[str, Any]) -> VocabularySummary:
    return VocabularySummary(**row | {"changed": datetime.fromtimestamp(round(row["changed"]), UTC)})
