"""The custom vocabularies that this process holds in memory, where requests find them without waiting for a database.

Whoever puts a vocabulary in finds it at once in the process that took it; the others look every second.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from app.errors import DatabaseAwayError, InvalidFieldError, NoDatabaseError
from app.log import failure
from app.schemas.vocabularies import Vocabulary, VocabularyList, VocabularySummary
from model.lm.words.custom_vocabulary import CustomVocabulary
from model.text.vocabulary import Vocabulary as ModelVocabulary

if TYPE_CHECKING:
    from app.database.engine import Database
    from app.vocabularies.store import Stored, VocabularyStore

# Others are to know of a change within two seconds.
_SECONDS = 1.0
# A database that is away is not to fill the log.
_SECONDS_AWAY = 5.0
# A service that starts waits so long for its vocabularies.
_PATIENCE_SECONDS = 2.0

log = logging.getLogger("tsuzuki")


class VocabularyLibrary:
    """Holds the vocabularies between ``start`` and ``stop``; ``default`` are the names for requests that name none.

    Without a database it is empty, and nothing can be put into it.
    """

    def __init__(self, database: "Database | None", default: Sequence[str]) -> None:
        self._database, self._default = database, default
        self._held: dict[str, Stored] = {}
        self._models: list[ModelVocabulary] = []
        # Not known before the database was reached a first time.
        self._known = asyncio.Event()
        if database is None:
            self._known.set()
        self._changing = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look into the database; wait a moment for what is there."""
        if self._database is not None:
            self._looking = asyncio.create_task(self._look())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._known.wait(), _PATIENCE_SECONDS)

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def meet(self, models: Iterable[ModelVocabulary]) -> None:
        """Look all words up in the vocabularies of models; takes some time for many, so it is done before requests."""
        self._models = list(models)
        self._introduce(held.vocabulary for held in self._held.values())

    def asked(self, names: Sequence[str] | None) -> tuple[CustomVocabulary, ...]:
        """Find the vocabularies that a request names; where it names none, those that the settings name and exist.

        Raises ``InvalidFieldError`` for a name that no vocabulary has. While the database was never reached nobody
        knows the names, and suggestions go on without.
        """
        if names is None:
            return tuple(self._held[name].vocabulary for name in self._default if name in self._held)
        for name in names if self._known.is_set() else ():
            if name not in self._held:
                raise InvalidFieldError("vocabularies", name, "must be the name of a vocabulary")
        return tuple(self._held[name].vocabulary for name in dict.fromkeys(names) if name in self._held)

    async def put(self, name: str, given: Vocabulary) -> VocabularySummary:
        """Keep a vocabulary in the place of one of its name; from here on requests find it."""
        database, store = self._opened()
        async with self._changing:
            summary, stored = await database.run(store.put, name, given)
            await database.run(self._introduce, [stored.vocabulary])
            self._held = {**self._held, name: stored}
        return summary

    async def get(self, name: str) -> Vocabulary:
        """Return a vocabulary as it is kept."""
        database, store = self._opened()
        return await database.run(store.get, name)

    async def delete(self, name: str) -> VocabularySummary:
        """Delete a vocabulary, and return what it was."""
        database, store = self._opened()
        async with self._changing:
            summary = await database.run(store.delete, name)
            self._held = {other: held for other, held in self._held.items() if other != name}
        return summary

    async def list(self) -> VocabularyList:
        """List all vocabularies."""
        if self._database is None:
            return VocabularyList(vocabularies=[])
        database, store = self._opened()
        return await database.run(store.list)

    def _opened(self) -> "tuple[Database, VocabularyStore]":
        if self._database is None:
            raise NoDatabaseError
        # Only here: a service without a database is to start without waiting for the library.
        from app.vocabularies.store import VocabularyStore

        return self._database, VocabularyStore(self._database)

    async def _look(self) -> None:
        database, store = self._opened()
        while True:
            try:
                # Not while a change is under way: an older state must not come into the place of a newer one.
                async with self._changing:
                    newest = await database.run(store.newest, self._held)
                    await database.run(self._introduce, [held.vocabulary for held in newest.values()])
                    self._held = newest
                self._known.set()
            except DatabaseAwayError:  # the log has it
                await asyncio.sleep(_SECONDS_AWAY)
            except Exception as error:
                log.error("failure", extra={"fields": failure(error)})
                await asyncio.sleep(_SECONDS_AWAY)
            else:
                await asyncio.sleep(_SECONDS)

    def _introduce(self, vocabularies: Iterable[CustomVocabulary]) -> None:
        for vocabulary in vocabularies:
            for model in self._models:
                vocabulary.known_in(model)
