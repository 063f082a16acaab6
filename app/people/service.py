"""The operations on people: they check a request against the settings, and translate between schemas and store."""

import asyncio
from collections.abc import Callable, Mapping

from app.database.engine import Database
from app.errors import InvalidFieldError, TextTooLongError
from app.people.people import Key, People
from app.people.records import Copy, Summary
from app.schemas.people import (
    MOST_COUNTED,
    MOST_WEIGHT,
    ExportedSequence,
    ExportedWord,
    KnownWord,
    KnownWordList,
    LearnRequest,
    PersonExport,
    PersonSummary,
)
from app.settings import Settings
from model.lm.language_model import LanguageModel
from model.lm.notebook import NOWHERE
from model.lm.person import Person, token_of
from model.search.lessons import is_countable, lesson, one_word, teachable_form
from model.text.tokens import straight

_MEGABYTE = 2**20


class PeopleService:
    """Answers what is asked about people, for one owner each: the API key, or '' where there are none."""

    def __init__(
        self, settings: Settings, database: Database, models: Callable[[], Mapping[str, LanguageModel]]
    ) -> None:
        self._settings, self._models = settings, models
        most_bytes = settings.people_megabytes * _MEGABYTE // settings.workers
        self.people = People(database, models, most_bytes, settings.person_rows, settings.database_rows)

    def get(self, owner: str, user: str | None, model: str) -> Person | None:
        """Return the counts of who asks for suggestions, as far as they are in memory."""
        return None if user is None else self.people.get(Key(owner, user), model)

    async def learn(self, owner: str, request: LearnRequest) -> PersonSummary:
        """Count a text."""
        length = len(request.text)
        if length > self._settings.max_text_length:
            raise TextTooLongError(length, self._settings.max_text_length)
        # Of a long text it takes some tens of milliseconds: others are answered meanwhile.
        taught = await asyncio.to_thread(lesson, request.text, self._model.vocabulary)
        return _shown(await self.people.learn(Key(owner, request.user), taught))

    async def summary(self, owner: str, user: str) -> PersonSummary:
        """Say how much is known of a person."""
        return _shown(await self.people.read(Key(owner, user), self.people.store.summary))

    async def words(self, owner: str, user: str, offset: int, limit: int, own: bool | None) -> KnownWordList:
        """List the words that a person taught; only their own or the others, where ``own`` says so."""
        rows = await self.people.read(Key(owner, user), self.people.store.words)
        model = self._model
        known = [KnownWord(word=word, uses=uses, own=token_of(model, word) is None) for word, uses in rows]
        found = known if own is None else [word for word in known if word.own is own]
        return KnownWordList(words=found[offset : offset + limit], total=len(found))

    async def teach_word(self, owner: str, user: str, word: str) -> PersonSummary:
        """Teach a word."""
        form = teachable_form(word)
        if form is None:
            raise InvalidFieldError("word", word, "must be one word, and nothing that may be a secret")
        return _shown(await self.people.teach_word(Key(owner, user), form))

    async def forget_word(self, owner: str, user: str, word: str) -> PersonSummary:
        """Forget a word."""
        if not word or any(map(str.isspace, word)):
            raise InvalidFieldError("word", word, "must be one word, without white space")
        # Entries of vocabularies are words too, such as Node.js.
        token = one_word(word)
        form = straight(word) if token is None else token.form
        return _shown(await self.people.forget_word(Key(owner, user), form))

    async def forget(self, owner: str, user: str) -> PersonSummary:
        """Forget a person."""
        return _shown(await self.people.forget(Key(owner, user)))

    async def export(self, owner: str, user: str) -> PersonExport:
        """Give all that is known of a person."""
        copy = await self.people.read(Key(owner, user), self.people.store.copy)
        if copy is None:
            copy = Copy(0, 0.0, [], [], bytes(32), [])
        forms = [word for word, *_ in copy.words]
        return PersonExport(
            texts=min(copy.texts, MOST_COUNTED),
            since=copy.since,
            words=[
                ExportedWord(
                    word=word,
                    uses=min(uses, MOST_COUNTED),
                    weight=min(weight, MOST_WEIGHT),
                    age=min(age, MOST_COUNTED),
                    passed_over=min(passed, MOST_COUNTED),
                )
                for word, uses, weight, age, passed in copy.words
            ],
            sequences=[
                ExportedSequence(
                    sequence=[forms[i] for i in key if i != NOWHERE],
                    weight=min(weight, MOST_WEIGHT),
                    age=min(age, MOST_COUNTED),
                )
                for *key, weight, age in copy.sequences
            ],
            forgetting=copy.forgetting.hex(),
            forgotten=[digest.hex() for digest in copy.forgotten],
        )

    async def replace(self, owner: str, user: str, export: PersonExport) -> PersonSummary:
        """Put what was exported in the place of all that is known of a person."""
        return _shown(await self.people.replace(Key(owner, user), self._copy(export)))

    def _copy(self, export: PersonExport) -> Copy:
        rows = len(export.words) + len(export.sequences) + len(export.forgotten)
        most = self._settings.person_rows
        if rows > most:
            raise InvalidFieldError("sequences", rows, f"must be at most {most} with the words and the forgotten ones")
        place: dict[str, int] = {}
        for one in export.words:
            if not is_countable(one.word):
                raise InvalidFieldError("word", one.word, "must be one word or mark that can be counted")
            if one.word in place:
                raise InvalidFieldError("word", one.word, "must be there once")
            place[one.word] = len(place)
        oldest = max((one.age for rows in (export.words, export.sequences) for one in rows), default=0)
        if oldest > export.texts:
            raise InvalidFieldError("age", oldest, f"must be at most {export.texts}, the number of texts")
        keys: dict[tuple[int, ...], None] = {}
        for followed in export.sequences:
            for form in followed.sequence:
                if form not in place:
                    raise InvalidFieldError("sequence", form, "must be among the words")
            key = tuple(place[form] for form in followed.sequence)
            if key in keys:
                raise InvalidFieldError("sequence", " ".join(followed.sequence), "must be there once")
            keys[key] = None
        return Copy(
            export.texts,
            export.since,
            [(one.word, one.uses, one.weight, one.age, one.passed_over) for one in export.words],
            [
                (*((NOWHERE,) * (3 - len(key)) + key), one.weight, one.age)  # type: ignore[misc]
                for key, one in zip(keys, export.sequences, strict=True)
            ],
            bytes.fromhex(export.forgetting),
            [bytes.fromhex(digest) for digest in dict.fromkeys(export.forgotten)],
        )

    @property
    def _model(self) -> LanguageModel:
        """The default model."""
        return next(iter(self._models().values()))


def _shown(summary: Summary) -> PersonSummary:
    return PersonSummary(**summary._asdict())
