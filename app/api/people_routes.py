"""The operations about people: what each has taught, and forgetting."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.api.json_routes import StrictRoute, TheOwner, TheService
from app.api.refusals import ASKED, AWAY, BODY
from app.errors import InvalidFieldError, NoDatabaseError, RepeatedParameterError, TextTooLongError
from app.inference.service import Service
from app.people.service import PeopleService
from app.problems import responses
from app.schemas.fields import Count, Position, UserId
from app.schemas.people import KnownWordList, LearnRequest, PersonExport, PersonSummary

_BY_PATH = responses(*ASKED, NoDatabaseError, InvalidFieldError, RepeatedParameterError, *AWAY)


def _decoded(value: object) -> object:
    """Decode a part of the path, which comes here as it was sent: a slash of an id is no slash of the path."""
    try:
        return unquote(value, errors="strict") if isinstance(value, str) else value
    except UnicodeDecodeError:
        raise PydanticCustomError("string_unicode", "not valid Unicode") from None


User = Annotated[UserId, BeforeValidator(_decoded), Path(description="The person's id.", examples=["person-17"])]
Word = Annotated[
    str,
    Field(min_length=1, max_length=100),
    BeforeValidator(_decoded),
    Path(description="The word, in any letter case.", examples=["Kubeflow"]),
]


class WordsQuery(BaseModel):
    """Which of a person's words are wanted."""

    model_config = ConfigDict(extra="forbid")

    offset: Position = Field(0, le=1_000_000, description="How many words to leave out at the beginning.", examples=[0])
    limit: Count = Field(100, le=1000, description="The most words to answer.", examples=[100])
    own: bool | None = Field(
        None,
        description="`true` for the words alone that the default model's vocabulary lacks, `false` for the others.",
        examples=[True],
    )


def people_of(service: Service) -> PeopleService:
    """Return what answers about people. Raises ``NoDatabaseError`` where nothing is learned."""
    if service.people is None:
        raise NoDatabaseError
    return service.people


async def _people(service: TheService) -> PeopleService:
    return people_of(service)


ThePeople = Annotated[PeopleService, Depends(_people)]

# An operation is called as its function: that gives generated clients good names.
people_router = APIRouter(
    route_class=StrictRoute, tags=["people"], generate_unique_id_function=lambda route: route.name
)


@people_router.post(
    "/learn",
    summary="Learn from a finished text",
    responses=responses(*ASKED, NoDatabaseError, *BODY, InvalidFieldError, TextTooLongError, *AWAY),
)
async def learn(body: LearnRequest, service: TheService, owner: TheOwner) -> PersonSummary:
    """Learn from a text that a person has finished: sent, saved, submitted. Not from what is still being typed.

    Its words and sequences of two and three words are counted for this person; the text itself is not kept. From then
    on their requests (`user`) get what they write often sooner, and words that the model does not know from the second
    use on. Counts fade with the texts that follow, and a person has a bounded number of them.

    Never learned: numbers, addresses, code, strings of letters and digits longer than 12, and what stands behind
    *password*, *PIN*, *passcode* and their like up to the end of the line.

    A 200 says that it is on disk. The same text sent twice counts twice. With API keys a person belongs to the key
    that teaches them; without, everybody who reaches the service shares them.
    """
    return await people_of(service).learn(owner, body)


@people_router.get("/users/{user}", summary="How much is known of a person", responses=_BY_PATH)
async def get_user(user: User, people: ThePeople, owner: TheOwner) -> PersonSummary:
    """Say how much is known of a person, and since when. Of nobody nothing is known, which is no error."""
    return await people.summary(owner, user)


@people_router.delete("/users/{user}", summary="Forget a person", responses=_BY_PATH)
async def delete_user(user: User, people: ThePeople, owner: TheOwner) -> PersonSummary:
    """Forget a person: no row of theirs is left when this answers, and soon no byte in the database's files.

    SQLite's file is rewritten after that, at once or, after many such requests, within some minutes.
    """
    return await people.forget(owner, user)


@people_router.get("/users/{user}/words", summary="List a person's words", responses=_BY_PATH)
async def get_words(
    user: User, query: Annotated[WordsQuery, Query()], people: ThePeople, owner: TheOwner
) -> KnownWordList:
    """List the words that a person taught, the most used first."""
    return await people.words(owner, user, query.offset, query.limit, query.own)


@people_router.put("/users/{user}/words/{word}", summary="Teach a word", responses=_BY_PATH)
async def put_word(user: User, word: Word, people: ThePeople, owner: TheOwner) -> PersonSummary:
    """Teach one word: it counts as used twice, so that it is offered. One that was forgotten may be offered again.

    A common misspelling is not offered for that; a vocabulary can hold it.
    """
    return await people.teach_word(owner, user, word)


@people_router.delete("/users/{user}/words/{word}", summary="Forget a word", responses=_BY_PATH)
async def delete_word(user: User, word: Word, people: ThePeople, owner: TheOwner) -> PersonSummary:
    """Forget a word in any letter case, and never offer it to this person again, wherever it comes from.

    Its possessive and words hyphened with it go with it. It is not learned from their texts any more. What is kept to
    know it by is a digest with a key of the person's own.
    """
    return await people.forget_word(owner, user, word)


@people_router.get("/users/{user}/export", summary="Export a person", responses=_BY_PATH)
async def get_export(user: User, people: ThePeople, owner: TheOwner) -> PersonExport:
    """Give all that is known of a person, for another installation or for themselves."""
    return await people.export(owner, user)


@people_router.put(
    "/users/{user}/export",
    summary="Import a person",
    responses=responses(*ASKED, NoDatabaseError, *BODY, InvalidFieldError, RepeatedParameterError, *AWAY),
)
async def put_export(user: User, body: PersonExport, people: ThePeople, owner: TheOwner) -> PersonSummary:
    """Put what was exported in the place of all that is known of this person."""
    return await people.replace(owner, user, body)
