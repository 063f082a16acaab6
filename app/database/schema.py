"""The tables as they are now; ``migrations.py`` says how a database comes to have them.

A person is known by a digest, and forgotten words too. No table has a text that somebody wrote: only single words, and
how often they followed each other. Custom vocabularies are what administrators put in.
"""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()
# SQLite numbers rows by itself only where the type is INTEGER; its integers have eight bytes anyway.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

# One row: the version of the schema, and what the digests of this installation are salted with.
installation = Table(
    "installation",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)

# ``digest`` stands for the person and the API key that taught them, ``forgetting`` is the key of the digests of their
# forgotten words. ``texts`` counts what was taught and is the clock of the fading; ``rows`` counts all of theirs.
# Times are seconds since 1970.
people = Table(
    "people",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("forgetting", LargeBinary, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Index("people_by_change", "changed"),
    sqlite_autoincrement=True,  # so that no number is ever another person's
)

# The words and marks of a person, each spelling for itself. ``uses`` counts, ``weight`` is the count that fades: its
# value at text number ``at`` of the person. ``passed_over`` counts the texts in which it was offered and not taken.
words = Table(
    "words",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("person", _NUMBER, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("word", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("weight", Double, nullable=False),
    Column("at", Integer, nullable=False),
    Column("passed_over", Integer, nullable=False),
    Index("words_of_person", "person", "word", unique=True),
    sqlite_autoincrement=True,
)

# How often a word followed one other (``before`` is 0), or two: ``before``, then ``last``.
sequences = Table(
    "sequences",
    METADATA,
    Column("person", _NUMBER, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("before", _NUMBER, primary_key=True),
    Column("last", _NUMBER, primary_key=True),
    Column("word", _NUMBER, primary_key=True),
    Column("weight", Double, nullable=False),
    Column("at", Integer, nullable=False),
)

# What is never to be offered to a person again, as a digest: the word itself is gone.
forgotten = Table(
    "forgotten",
    METADATA,
    Column("person", _NUMBER, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
)

# The last changes, by which every process learns what it has in memory and is old now. ``what`` names the thing, as
# ``person 17``; a row goes after a minute.
changes = Table(
    "changes",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("what", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("changes_by_time", "at"),
    sqlite_autoincrement=True,
)

# The custom vocabularies that administrators have put in: ``content`` is JSON, ``entries`` and ``blocked`` count what
# it holds. ``version`` is another one after every change. ``changed`` is seconds since 1970.
vocabularies = Table(
    "vocabularies",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("changed", Double, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("blocked", Integer, nullable=False),
    Column("content", Text, nullable=False),
)
