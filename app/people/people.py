"""The people of a process: those who asked last are in memory, and no suggestion waits for the database."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple, TypeVar

from app.database.engine import Database
from app.errors import DatabaseAwayError
from app.log import failure
from app.people.records import Copy, Learned, Loaded, Summary, Totals
from app.people.store import Store, told
from model.lm.language_model import LanguageModel
from model.lm.notebook import Lesson
from model.lm.person import Person

# How often the changes of other processes are looked for, the totals, and traces of what was deleted.
_POLL_SECONDS = 1.0
_TIDY_SECONDS = 30.0
# The files are not rewritten for more than this part of the time.
_CLEANING_SHARE = 0.05
# The bytes of somebody who is not known, or of whom a model makes nothing: a place in two dictionaries.
_NOBODY_BYTES = 600

Result = TypeVar("Result")

log = logging.getLogger("tsuzuki")


class Key(NamedTuple):
    """A person as they are asked for: the API key that they belong to, and their id."""

    owner: str
    user: str


class _Known(NamedTuple):
    """A person in memory: what is known of them, and their counts as each model sees them; None and none of nobody."""

    digest: bytes
    loaded: Loaded | None
    people: dict[str, Person]
    bytes: int
    turn: int


class People:
    """The people of one process, between ``start`` and ``stop``; it belongs to one event loop.

    ``models`` gives the loaded models, the first of which says how words are written. ``most_bytes`` bounds the memory.
    """

    def __init__(
        self,
        database: Database,
        models: Callable[[], Mapping[str, LanguageModel]],
        most_bytes: int,
        most_rows: int,
        most_rows_of_all: int,
    ) -> None:
        self.store = Store(database, most_rows)
        self._database, self._models = database, models
        self._most_bytes, self._most_rows_of_all = most_bytes, most_rows_of_all
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._keys: dict[str, Key] = {}
        self._loading: set[Key] = set()
        self._turn = 0
        self._seen: set[int] = set()
        self._cleared = 0
        self._is_away = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_clean = asyncio.Event()
        self.bytes = 0
        self.totals = Totals(0, 0)

    def start(self) -> None:
        """Begin to follow what other processes change."""
        self._spawn(self._follow())
        self._spawn(self._clean())

    async def stop(self) -> None:
        """End what runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def get(self, key: Key, model: str) -> Person | None:
        """Return a person's counts as a model sees them; None of nobody, and until they are in memory.

        Where they are not, they are loaded meanwhile.
        """
        known = self._known.get(key)
        if known is None:
            if key not in self._loading and not self._is_away:
                self._loading.add(key)
                self._spawn(self._load(key))
            return None
        self._known.move_to_end(key)
        return known.people.get(model)

    def clear(self) -> None:
        """Drop all of them: other models make other counts of them."""
        self._turn += 1
        self._cleared = self._turn
        self._known.clear()
        self._keys.clear()
        self.bytes = 0

    async def learn(self, key: Key, lesson: Lesson) -> Summary:
        """Have a person teach a text; counts with the next request."""
        # Not given up where the client is: it may be on disk already.
        return await asyncio.shield(asyncio.ensure_future(self._learned(key, lesson)))

    async def teach_word(self, key: Key, word: str) -> Summary:
        """Have a person teach a word."""
        return await self._change(key, lambda digest: self.store.teach_word(digest, word))

    async def forget_word(self, key: Key, word: str) -> Summary:
        """Have a person's word forgotten."""
        summary = await self._change(key, lambda digest: self.store.forget_word(digest, word))
        self._to_clean.set()
        return summary

    async def forget(self, key: Key) -> Summary:
        """Forget a person."""

        def work(digest: bytes) -> Summary:
            self.store.forget(digest)
            return Summary()

        summary = await self._change(key, work)
        self._to_clean.set()
        return summary

    async def replace(self, key: Key, copy: Copy) -> Summary:
        """Put a copy in the place of all that is known of a person."""
        summary = await self._change(key, lambda digest: self.store.replace(digest, copy))
        self._to_clean.set()
        return summary

    async def read(self, key: Key, work: Callable[[bytes], Result]) -> Result:
        """Read of a person what ``work``, a method of the store, returns for their digest."""
        return await self._database.run(lambda: work(self.store.digest(*key)))

    async def _change(self, key: Key, work: Callable[[bytes], Summary]) -> Summary:
        """Change a person in the database, and then what is in memory of them."""
        # Not given up where the client is: the change may be done already.
        return await asyncio.shield(asyncio.ensure_future(self._changed(key, work)))

    async def _changed(self, key: Key, work: Callable[[bytes], Summary]) -> Summary:
        summary = await self.read(key, work)
        await self._load(key)
        return summary

    async def _learned(self, key: Key, lesson: Lesson) -> Summary:
        """Count a text in the database, and then in memory: no row is read again where nothing else has changed."""
        learned = await self.read(key, lambda digest: self.store.learn(digest, lesson))
        known = self._known.get(key)
        is_same = known is not None and known.loaded is not None and known.loaded.version == learned.before
        await self._load(key, (known, learned) if known is not None and is_same and not learned.is_cut else None)
        return learned.summary

    async def _load(self, key: Key, update: "tuple[_Known, Learned] | None" = None) -> None:
        """Bring a person into memory, as the database has them now: from there, or by what they have learned since."""
        self._turn += 1
        turn, models = self._turn, self._models()

        def work() -> _Known:
            if update is not None:
                return _updated(*update, models, turn)
            digest = self.store.digest(*key)
            return _known(digest, self.store.load(digest), models, turn)

        try:
            known = await self._database.run(work)
        except DatabaseAwayError:
            self._drop(key)  # asked for again with the next request
        else:
            self._put(key, known)
        finally:
            self._loading.discard(key)

    def _put(self, key: Key, known: _Known) -> None:
        before = self._known.get(key)
        # What began to be read later is newer.
        if known.turn < self._cleared or (before is not None and before.turn > known.turn):
            return
        self._drop(key)
        self._known[key] = known
        self._keys[told(known.digest)] = key
        self.bytes += known.bytes
        while self.bytes > self._most_bytes and self._known:
            self._drop(next(iter(self._known)))

    def _drop(self, key: Key) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self.bytes -= known.bytes
            del self._keys[told(known.digest)]

    async def _follow(self) -> None:
        """Reload those in memory whom other processes have changed; in between, tidy the database."""
        loop = asyncio.get_running_loop()
        tidied = float("-inf")
        while True:
            try:
                await self._catch_up()
                if loop.time() - tidied > _TIDY_SECONDS:
                    self.totals = await self._database.run(self.store.tidy, self._most_rows_of_all)
                    tidied = loop.time()
            except DatabaseAwayError:
                self._is_away = True
            except Exception as error:
                log.error("failure", extra={"fields": failure(error)})
            await asyncio.sleep(_POLL_SECONDS)

    async def _catch_up(self) -> None:
        changes = await self._database.run(self.store.changes)
        if self._is_away:
            # What was missed meanwhile may be too old to be told.
            self.clear()
            self._is_away = False
        new = {what for id_, what in changes if id_ not in self._seen}
        self._seen = {id_ for id_, _ in changes}
        keys = [self._keys[what] for what in new if what in self._keys]
        if not keys:
            return
        digests = [self._known[key].digest for key in keys]
        versions = await self._database.run(self.store.versions, digests)
        for key, digest in zip(keys, digests, strict=True):
            known = self._known.get(key)
            # Most are changes of this process, which it has in memory already.
            if known is not None and versions.get(digest) != (known.loaded and known.loaded.version):
                await self._load(key)

    async def _clean(self) -> None:
        """Rewrite the files after something was deleted, again and again, but not for most of the time."""
        loop = asyncio.get_running_loop()
        while True:
            await self._to_clean.wait()
            self._to_clean.clear()
            begun = loop.time()
            try:
                await self._database.run(self._database.clean)
            except DatabaseAwayError:
                self._to_clean.set()
            await asyncio.sleep(max(_POLL_SECONDS, (loop.time() - begun) / _CLEANING_SHARE))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop alone would let it be collected
        task.add_done_callback(self._tasks.discard)


def _known(digest: bytes, loaded: Loaded | None, models: Mapping[str, LanguageModel], turn: int) -> _Known:
    if loaded is None:
        return _Known(digest, None, {}, _NOBODY_BYTES, turn)
    people = {name: Person(model, *loaded[:3]) for name, model in models.items()}
    return _Known(digest, loaded, people, _bytes(loaded, people), turn)


def _updated(known: _Known, learned: Learned, models: Mapping[str, LanguageModel], turn: int) -> _Known:
    """Count what a text has taught to one in memory."""
    assert known.loaded is not None
    taught = known.loaded.taught.learned(learned.lesson)
    loaded = known.loaded._replace(taught=taught, version=learned.after)
    people = {name: Person(model, *loaded[:3], known.people.get(name)) for name, model in models.items()}
    return _Known(known.digest, loaded, people, _bytes(loaded, people), turn)


def _bytes(loaded: Loaded, people: Mapping[str, Person]) -> int:
    return _NOBODY_BYTES + loaded.taught.bytes + sum(person.bytes for person in people.values())
