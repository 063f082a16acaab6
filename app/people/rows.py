"""The statements that count, list and delete the rows of one person, each within a transaction of ``store.py``."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Table, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.database.schema import forgotten, sequences, words
from model.lm.notebook import FADING, NOWHERE, OFFERED_USES, Lesson, passes_over

# In one statement; SQLite takes 32,766 values.
_AT_ONCE = 5_000
# What is older has faded to nothing.
_OLDEST = 100_000
_ONE_SEQUENCE = delete(sequences).where(
    sequences.c.person == bindparam("of"),
    sequences.c.before == bindparam("a"),
    sequences.c.last == bindparam("b"),
    sequences.c.word == bindparam("c"),
)


def insert_into(connection: Connection, table: Table) -> Any:
    """Begin an insertion that may meet rows which are there."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def pass_over(connection: Connection, person: int, lesson: Lesson) -> None:
    """Note which words on trial a text did without."""
    on_trial = select(words.c.id, words.c.word).where(words.c.person == person, words.c.uses == OFFERED_USES)
    passes = passes_over(lesson)
    ids = [id_ for id_, form in connection.execute(on_trial) if passes(form)]
    for some in in_parts(ids):
        more = words.c.passed_over + 1
        connection.execute(update(words).where(words.c.id.in_(some)).values(passed_over=more))


def count_words(connection: Connection, person: int, times: Mapping[str, int], now: int) -> None:
    """Add to the counts of words, at text number ``now``."""
    rows = [
        {"person": person, "word": form, "uses": n, "weight": n, "at": now, "passed_over": 0}
        for form, n in times.items()
    ]
    insert = insert_into(connection, words)
    more = insert.on_conflict_do_update(
        index_elements=["person", "word"],
        set_={
            "uses": words.c.uses + insert.excluded.uses,
            "weight": _faded(words, insert) + insert.excluded.weight,
            "at": insert.excluded.at,
            "passed_over": 0,
        },
    )
    if rows:
        connection.execute(more, rows)


def count_sequences(connection: Connection, person: int, lesson: Lesson, now: int) -> None:
    """Add to the counts of the sequences of a lesson, whose words have rows already."""
    ids = ids_of(connection, person, lesson.words) | {"": 0}
    rows = [
        {"person": person, "before": ids[before], "last": ids[last], "word": ids[word], "weight": n, "at": now}
        for (before, last, word), n in lesson.sequences.items()
    ]
    insert = insert_into(connection, sequences)
    more = insert.on_conflict_do_update(
        index_elements=["person", "before", "last", "word"],
        set_={"weight": _faded(sequences, insert) + insert.excluded.weight, "at": insert.excluded.at},
    )
    if rows:
        connection.execute(more, rows)


def ids_of(connection: Connection, person: int, forms: Iterable[str]) -> dict[str, int]:
    """Look up the numbers of words."""
    found: dict[str, int] = {}
    for some in in_parts(list(forms)):
        rows = connection.execute(
            select(words.c.word, words.c.id).where(words.c.person == person, words.c.word.in_(some))
        )
        found |= dict(map(tuple, rows))
    return found


def words_of(connection: Connection, person: int) -> Sequence[Row[Any]]:
    """Return the rows of a person's words, in the order of their numbers."""
    return connection.execute(select(words).where(words.c.person == person).order_by(words.c.id)).all()


def sequences_of(connection: Connection, person: int) -> Sequence[Row[Any]]:
    """Return the rows of a person's sequences."""
    return connection.execute(select(sequences).where(sequences.c.person == person)).all()


def all_of(connection: Connection, person: int) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]], list[bytes]]:
    """Return the rows of a person's words and sequences, and the digests of the words they forgot."""
    return words_of(connection, person), sequences_of(connection, person), digests_of(connection, person)


def digests_of(connection: Connection, person: int) -> list[bytes]:
    """Return the digests of the words that a person has forgotten."""
    digests = connection.execute(select(forgotten.c.digest).where(forgotten.c.person == person)).scalars()
    return [bytes(made) for made in digests]


def places_in(counted: Sequence[Row[Any]], followed: Sequence[Row[Any]]) -> list[tuple[int, int, int]]:
    """Return of each row of a sequence the places of its three words among ``counted``; ``NOWHERE`` for none."""
    place = {row.id: i for i, row in enumerate(counted)} | {0: NOWHERE}
    return [(place[row.before], place[row.last], place[row.word]) for row in followed]


def delete_words(connection: Connection, person: int, ids: list[int]) -> None:
    """Delete words, and the sequences that they stand in."""
    for some in in_parts(ids):
        holds = or_(*(column.in_(some) for column in (sequences.c.before, sequences.c.last, sequences.c.word)))
        connection.execute(delete(sequences).where(sequences.c.person == person, holds))
        connection.execute(delete(words).where(words.c.id.in_(some)))


def row_counts(connection: Connection, person: int) -> tuple[int, int, int]:
    """Count the rows of a person: words, sequences and forgotten words."""
    tables = (words, sequences, forgotten)
    counts = [select(func.count()).select_from(table).where(table.c.person == person) for table in tables]
    known, followed, taken_out = (int(connection.execute(count).scalar_one()) for count in counts)
    return known, followed, taken_out


def cut(connection: Connection, person: int, most: int) -> int:
    """Delete the least used rows of a person, faded, until there are ``most``; return how many are left.

    Forgotten words stay, since without them a word might be offered again, but for those beyond half of ``most``: else
    nothing could be learned any more.
    """
    digests = digests_of(connection, person)
    for some in in_parts(digests[most // 2 :]):
        connection.execute(delete(forgotten).where(forgotten.c.person == person, forgotten.c.digest.in_(some)))
    counted, followed = words_of(connection, person), sequences_of(connection, person)
    surplus = max(0, len(counted) + len(followed) + min(len(digests), most // 2) - most)
    # Faded to text 0: of those that fade alike the order is the same at any text. Of equals the sequences go first,
    # since words stand in them.
    rows = [*followed, *counted]
    weights = np.array([math.log(row.weight) - row.at * math.log(FADING) for row in rows])
    gone = np.argsort(weights, kind="stable")[:surplus].tolist()
    lost = [rows[i] for i in gone if i < len(followed)]
    if lost:
        keys = [{"of": person, "a": row.before, "b": row.last, "c": row.word} for row in lost]
        connection.execute(_ONE_SEQUENCE, keys)
    delete_words(connection, person, [rows[i].id for i in gone if i >= len(followed)])
    return sum(row_counts(connection, person))


def _faded(table: Table, insert: Any) -> Any:
    """The weight that stands in a table, at the text of the row to be inserted."""
    # PostgreSQL has no number for what fades to nothing.
    age = insert.excluded.at - table.c.at
    return table.c.weight * func.power(FADING, case((age > _OLDEST, _OLDEST), else_=age))


def in_parts(values: list[Any]) -> Iterator[list[Any]]:
    """Part a list into as many values as one statement takes."""
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]


def insert_all(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert new rows."""
    if rows:
        connection.execute(table.insert(), rows)
