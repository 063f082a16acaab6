"""The rows of people in the database: what is written of a text, and what is read, each in one transaction."""

import hmac
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from app.database.engine import Database
from app.database.schema import changes, forgotten, people, sequences, words
from app.people import rows as rows_of
from app.people.records import Copy, Learned, Loaded, Summary, Totals, Version
from model.lm.forgetting import digest as digest_of_word
from model.lm.forgetting import is_forgotten, named_in
from model.lm.notebook import NOWHERE, OFFERED_USES, Lesson, laid_out

_FORGETTING_BYTES = 32
# A person who has too many rows loses so many more that this does not come with every text.
_KEPT_SHARE = 0.9
# How long a change is told to other processes.
CHANGE_SECONDS = 60.0

Person = Row[Any]


class Store:
    """The rows of people in the database, each person known by the digest of their id. Any thread may use it.

    ``most_rows`` bounds the rows of one person. All methods raise ``DatabaseAwayError`` where the database is away.
    """

    def __init__(self, database: Database, most_rows: int) -> None:
        self.database, self._most_rows = database, most_rows

    def digest(self, owner: str, user: str) -> bytes:
        """Make the digest by which a person is known: of their id, and of the API key that teaches them."""
        self.database.prepare()
        return hmac.digest(self.database.salt, f"{owner}\0{user}".encode(), sha256)

    def learn(self, digest: bytes, lesson: Lesson) -> Learned:
        """Count one text more. It is on disk when this returns."""
        with self._changing(digest) as (connection, person):
            now = person.texts + 1
            kept = self._without_forgotten(connection, person, lesson)
            rows_of.pass_over(connection, person.id, kept)
            rows_of.count_words(connection, person.id, kept.words, now)
            rows_of.count_sequences(connection, person.id, kept, now)
            is_cut = self._update(connection, person.id, texts=now)
            after = _version(connection.execute(select(people).where(people.c.id == person.id)).one())
            return Learned(self._summary(connection, person.id), kept, _version(person), after, is_cut)

    def teach_word(self, digest: bytes, word: str) -> Summary:
        """Count a word as often as makes it offered, though it may have been forgotten."""
        with self._changing(digest) as (connection, person):
            made = [digest_of_word(name, person.forgetting) for name in named_in(word)]
            connection.execute(delete(forgotten).where(forgotten.c.person == person.id, forgotten.c.digest.in_(made)))
            rows_of.count_words(connection, person.id, {word: OFFERED_USES}, person.texts)
            self._update(connection, person.id)
            return self._summary(connection, person.id)

    def forget_word(self, digest: bytes, word: str) -> Summary:
        """Delete a word in any letter case, its possessive, what is hyphened with it, and the sequences of these.

        A digest of it is remembered.
        """
        with self._changing(digest) as (connection, person):
            rows = connection.execute(select(words.c.id, words.c.word).where(words.c.person == person.id))
            ids = [id_ for id_, form in rows if word.casefold() in named_in(form)]
            rows_of.delete_words(connection, person.id, ids)
            made = digest_of_word(word, person.forgetting)
            connection.execute(
                rows_of.insert_into(connection, forgotten)
                .values(person=person.id, digest=made)
                .on_conflict_do_nothing()
            )
            self._update(connection, person.id)
            return self._summary(connection, person.id)

    def forget(self, digest: bytes) -> None:
        """Delete all rows of a person."""
        with self.database.writing() as connection:
            found = self._find(connection, digest, lock=True)
            if found is not None:
                # One after the other: a cascade would need an index of what it deletes.
                for table in (sequences, words, forgotten):
                    connection.execute(delete(table).where(table.c.person == found.id))
                connection.execute(delete(people).where(people.c.id == found.id))
            self._tell(connection, digest)

    def replace(self, digest: bytes, copy: Copy) -> Summary:
        """Put a copy in the place of all that is known of a person."""
        with self._changing(digest) as (connection, person):
            for table in (sequences, words, forgotten):
                connection.execute(delete(table).where(table.c.person == person.id))
            rows = [
                {
                    "person": person.id,
                    "word": word,
                    "uses": uses,
                    "weight": weight,
                    "at": copy.texts - age,
                    "passed_over": passed,
                }
                for word, uses, weight, age, passed in copy.words
            ]
            rows_of.insert_all(connection, words, rows)
            ids = rows_of.ids_of(connection, person.id, (word for word, *_ in copy.words))
            place = [ids[word] for word, *_ in copy.words]
            followed = [
                {
                    "person": person.id,
                    "before": place[before] if before != NOWHERE else 0,
                    "last": place[last],
                    "word": place[word],
                    "weight": weight,
                    "at": copy.texts - age,
                }
                for before, last, word, weight, age in copy.sequences
            ]
            rows_of.insert_all(connection, sequences, followed)
            rows_of.insert_all(
                connection, forgotten, [{"person": person.id, "digest": made} for made in copy.forgotten]
            )
            self._update(
                connection,
                person.id,
                texts=copy.texts,
                since=copy.since,
                forgetting=copy.forgetting,
            )
            return self._summary(connection, person.id)

    def summary(self, digest: bytes) -> Summary:
        """Say how much is known of a person."""
        with self.database.reading() as connection:
            found = self._find(connection, digest)
            return Summary() if found is None else self._summary(connection, found.id)

    def words(self, digest: bytes) -> list[tuple[str, int]]:
        """List the words of a person, marks left out, with their uses, the most used first."""
        with self.database.reading() as connection:
            found = self._find(connection, digest)
            if found is None:
                return []
            rows = connection.execute(select(words.c.word, words.c.uses).where(words.c.person == found.id)).all()
        return sorted(((word, uses) for word, uses in rows if word[0].isalpha()), key=lambda row: (-row[1], row[0]))

    def copy(self, digest: bytes) -> Copy | None:
        """Copy all of a person's rows."""
        with self.database.reading() as connection:
            person = self._find(connection, digest)
            if person is None:
                return None
            counted, followed, digests = rows_of.all_of(connection, person.id)
        return Copy(
            person.texts,
            person.since,
            [(r.word, r.uses, r.weight, person.texts - r.at, r.passed_over) for r in counted],
            [
                (*key, r.weight, person.texts - r.at)
                for key, r in zip(rows_of.places_in(counted, followed), followed, strict=True)
            ],
            bytes(person.forgetting),
            digests,
        )

    def load(self, digest: bytes) -> Loaded | None:
        """Load all counts of a person, faded to now; None of nobody."""
        with self.database.reading() as connection:
            person = self._find(connection, digest)
            if person is None:
                return None
            counted, followed, digests = rows_of.all_of(connection, person.id)
        taught = laid_out(
            [row.word for row in counted],
            [(row.uses, row.weight, row.at, row.passed_over) for row in counted],
            rows_of.places_in(counted, followed),
            [(row.weight, row.at) for row in followed],
            person.texts,
        )
        return Loaded(taught, frozenset(digests), bytes(person.forgetting), _version(person))

    def versions(self, digests: list[bytes]) -> dict[bytes, Version]:
        """Return the present versions of some people; nobody has none."""
        found = {}
        with self.database.reading() as connection:
            for some in rows_of.in_parts(digests):
                for person in connection.execute(select(people).where(people.c.digest.in_(some))):
                    found[bytes(person.digest)] = _version(person)
        return found

    def changes(self) -> list[tuple[int, str]]:
        """List what has changed within the last minute, each change with a number."""
        with self.database.reading() as connection:
            since = time.time() - CHANGE_SECONDS
            return [
                (id_, what)
                for id_, what in connection.execute(select(changes.c.id, changes.c.what).where(changes.c.at > since))
            ]

    def tidy(self, most_rows: int) -> Totals:
        """Drop changes that everybody knows, and rows beyond ``most_rows`` of those who wrote longest ago."""
        with self.database.writing() as connection:
            connection.execute(delete(changes).where(changes.c.at <= time.time() - CHANGE_SECONDS))
            totals = self._totals(connection)
            surplus = totals.rows - most_rows
            if surplus <= 0:
                return totals
            oldest = connection.execute(select(people).order_by(people.c.changed)).yield_per(100)
            for person in list(oldest):
                if surplus <= 0:
                    break
                # Counted anew: what an earlier version has noted lacks the forgotten words.
                rows = sum(rows_of.row_counts(connection, person.id))
                left = rows_of.cut(connection, person.id, max(0, rows - max(surplus, rows // 2)))
                surplus -= rows - left
                connection.execute(update(people).where(people.c.id == person.id).values(rows=left))
                self._tell(connection, person.digest)
            return self._totals(connection)

    def _totals(self, connection: Connection) -> Totals:
        count, rows = connection.execute(
            select(func.count(), func.coalesce(func.sum(people.c.rows), 0)).select_from(people)
        ).one()
        return Totals(int(count), int(rows))

    @contextmanager
    def _changing(self, digest: bytes) -> Iterator[tuple[Connection, Person]]:
        """Open a transaction that changes a person, who is made where there is none; others wait."""
        with self.database.writing() as connection:
            person = self._find(connection, digest, lock=True)
            if person is None:
                now = time.time()
                new = {
                    "digest": digest,
                    "forgetting": secrets.token_bytes(_FORGETTING_BYTES),
                    "since": now,
                    "changed": now,
                }
                numbers = dict.fromkeys(("texts", "rows"), 0)
                connection.execute(
                    rows_of.insert_into(connection, people).values(**new, **numbers).on_conflict_do_nothing()
                )
                person = self._find(connection, digest, lock=True)
                assert person is not None
            yield connection, person
            self._tell(connection, digest)

    def _find(self, connection: Connection, digest: bytes, lock: bool = False) -> Person | None:
        wanted = select(people).where(people.c.digest == digest)
        return connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()

    def _without_forgotten(self, connection: Connection, person: Person, lesson: Lesson) -> Lesson:
        taken_out = set(rows_of.digests_of(connection, person.id))
        if not taken_out:
            return lesson
        return lesson.without({form for form in lesson.words if is_forgotten(form, taken_out, person.forgetting)})

    def _update(self, connection: Connection, person: int, **values: object) -> bool:
        """Note that a person was changed, and cut the rows that are too many; true where there were some."""
        rows = sum(rows_of.row_counts(connection, person))
        is_cut = rows > self._most_rows
        if is_cut:
            rows = rows_of.cut(connection, person, int(_KEPT_SHARE * self._most_rows))
        changed = {"changed": time.time(), "rows": rows}
        connection.execute(update(people).where(people.c.id == person).values(**(changed | values)))
        return is_cut

    def _summary(self, connection: Connection, person: int) -> Summary:
        found = connection.execute(select(people).where(people.c.id == person)).one()
        return Summary(found.texts, *rows_of.row_counts(connection, person), found.since)

    def _tell(self, connection: Connection, digest: bytes) -> None:
        connection.execute(changes.insert().values(what=told(digest), at=time.time()))


def _version(person: Person) -> Version:
    return Version(person.texts, person.rows, person.changed)


def told(digest: bytes) -> str:
    """Name a person in the table of changes."""
    return f"person {digest.hex()}"
