"""The operations of the service, which both clients have: the arguments and the answer of each."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from app.schemas.generation import Generation, GenerationRequest
from app.schemas.people import KnownWordList, LearnRequest, PersonExport, PersonSummary
from app.schemas.replies import ReplyAnswer, ReplyRequest
from app.schemas.service import Health, ModelList
from app.schemas.suggestions import CorrectionList, CorrectionQuery, SuggestionAnswer, SuggestionQuery
from app.schemas.vocabularies import Vocabulary, VocabularyEntry, VocabularyList, VocabularySummary

if TYPE_CHECKING:
    from tsuzuki.client import AsyncClient, Client

P = ParamSpec("P")
Answer = TypeVar("Answer")


class Request:
    """A request as it goes out: method, path and the content, by query string or as JSON."""

    def __init__(self, method: str, path: str, given: BaseModel | Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
        # What is not given is left to the service.
        fields = given.model_dump(mode="json", exclude_unset=True) if isinstance(given, BaseModel) else dict(given)
        # Fields that the path names stand there.
        parts = {name: quote(str(fields.pop(name)), safe="") for name in list(fields) if f"{{{name}}}" in path}
        self.method, self.path = method, path.format(**parts)
        content = {**fields, **fixed}
        self.content: dict[str, Any] = {}
        if content:
            self.content = {"params" if method in ("GET", "DELETE") else "json": content}


class Operation(Generic[P, Answer]):
    """An operation of the service: a method of both clients, with the arguments that make its request.

    ``arguments`` is a model, or a function that returns the fields; ``fixed`` fields are always sent. Fields that
    ``{name}`` in the path stands for go there, the others into the body, or into the query string of GET and DELETE.
    ``answer`` is the model of the answer; ``type(None)`` where it has no content.
    The methods raise ``pydantic.ValidationError`` for arguments that no service takes, ``TsuzukiError`` for an answer
    that is an error, and ``httpx.TransportError`` where none comes.
    """

    def __init__(
        self,
        method: str,
        path: str,
        arguments: Callable[P, BaseModel | Mapping[str, Any]],
        answer: type[Answer],
        **fixed: Any,
    ) -> None:
        self._method, self._path, self._arguments, self._fixed = method, path, arguments, fixed
        self._answer = TypeAdapter(answer)

    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, Answer]: ...

    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, Coroutine[Any, Any, Answer]]: ...

    def __get__(self, client: "Client | AsyncClient", owner: type) -> Callable[P, Any]:
        """Bind the operation to a client."""

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            request = Request(self._method, self._path, self._arguments(*args, **kwargs), self._fixed)
            return client.send(request, self._answer)

        return call


def _nothing() -> Mapping[str, Any]:
    return {}


def _person(user: str) -> Mapping[str, Any]:
    return {"user": user}


def _word(user: str, word: str) -> Mapping[str, Any]:
    return {"user": user, "word": word}


def _words(user: str, offset: int = 0, limit: int = 100, own: bool | None = None) -> Mapping[str, Any]:
    return {"user": user, "offset": offset, "limit": limit} | ({} if own is None else {"own": own})


def _export(user: str, export: PersonExport) -> Mapping[str, Any]:
    return {"user": user, **export.model_dump(mode="json")}


def _named(name: str) -> Mapping[str, Any]:
    return {"name": name}


def _vocabulary(
    name: str, entries: Sequence[VocabularyEntry | Mapping[str, Any]], blocked: Sequence[str] = ()
) -> Mapping[str, Any]:
    content = Vocabulary.model_validate({"entries": list(entries), "blocked": list(blocked)})
    return {"name": name, **content.model_dump(mode="json")}


class Operations:
    """The operations of the service, a line for each."""

    complete = Operation("POST", "/complete", SuggestionQuery, SuggestionAnswer)
    next_word = Operation("POST", "/next-word", SuggestionQuery, SuggestionAnswer)
    correct = Operation("POST", "/correct", CorrectionQuery, SuggestionAnswer)
    correct_all = Operation("POST", "/correct", CorrectionQuery, CorrectionList, all=True)
    generate = Operation("POST", "/generate", GenerationRequest, Generation)
    reply = Operation("POST", "/reply", ReplyRequest, ReplyAnswer)
    models = Operation("GET", "/models", _nothing, ModelList)
    reload_models = Operation("POST", "/models/reload", _nothing, ModelList)
    ready = Operation("GET", "/health/ready", _nothing, Health)
    learn = Operation("POST", "/learn", LearnRequest, PersonSummary)
    person = Operation("GET", "/users/{user}", _person, PersonSummary)
    forget_person = Operation("DELETE", "/users/{user}", _person, PersonSummary)
    words = Operation("GET", "/users/{user}/words", _words, KnownWordList)
    teach_word = Operation("PUT", "/users/{user}/words/{word}", _word, PersonSummary)
    forget_word = Operation("DELETE", "/users/{user}/words/{word}", _word, PersonSummary)
    export_person = Operation("GET", "/users/{user}/export", _person, PersonExport)
    import_person = Operation("PUT", "/users/{user}/export", _export, PersonSummary)
    vocabularies = Operation("GET", "/vocabularies", _nothing, VocabularyList)
    put_vocabulary = Operation("PUT", "/vocabularies/{name}", _vocabulary, VocabularySummary)
    vocabulary = Operation("GET", "/vocabularies/{name}", _named, Vocabulary)
    delete_vocabulary = Operation("DELETE", "/vocabularies/{name}", _named, VocabularySummary)
