"""The operations about vocabularies, which are for administrators where there are keys."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.json_routes import StrictRoute, TheService
from app.api.refusals import ADMINISTRATION, ASKED, AWAY, BODY
from app.errors import InvalidFieldError, NoDatabaseError, TooManyEntriesError, UnknownVocabularyError
from app.problems import responses
from app.schemas.vocabularies import Vocabulary, VocabularyList, VocabularyName, VocabularySummary

_OF_ONE = responses(*ASKED, *ADMINISTRATION, NoDatabaseError, UnknownVocabularyError, InvalidFieldError, *AWAY)
Name = Annotated[VocabularyName, Path(description="The name of the vocabulary.")]

vocabulary_router = APIRouter(
    tags=["vocabularies"], route_class=StrictRoute, generate_unique_id_function=lambda route: route.name
)


@vocabulary_router.get(
    "/vocabularies",
    summary="List the vocabularies",
    responses=responses(*ASKED, *ADMINISTRATION, *AWAY),
)
async def list_vocabularies(service: TheService) -> VocabularyList:
    """List the vocabularies that are kept, in numbers.

    It takes an administrator's key, where there are keys, as every operation on vocabularies does.
    """
    return await service.vocabularies.list()


@vocabulary_router.put(
    "/vocabularies/{name}",
    summary="Put a vocabulary in",
    responses=responses(*ASKED, *ADMINISTRATION, NoDatabaseError, *BODY, TooManyEntriesError, InvalidFieldError, *AWAY),
)
async def put_vocabulary(name: Name, body: Vocabulary, service: TheService) -> VocabularySummary:
    r"""Put in the words and names of a product, a team or a customer, in the place of what the name had before.

    They are offered from the next request on that names the vocabulary, without training, by other workers within two
    seconds. Entries may be of several words, and are then offered after their first letters and after their first word:
    `Acme Cl` gives *Cloud Backup*, which makes *Acme Cloud Backup* of it. How likely an entry is depends on what stands
    before: one that the model does not know has a share of the chance of an unknown word there, one that it knows
    becomes likelier. `/correct` never changes a word of an entry, in any letter case. Blocked words are never offered.

    The guard of offensive words holds for entries too: a word of its list is offered once most of it is typed, an entry
    of several words with such a word goes on once that word is typed.

    ```sh
    curl -X PUT http://127.0.0.1:8000/vocabularies/products -H "Authorization: Bearer $KEY" \
         -H 'Content-Type: application/json' -d '{"entries": [{"text": "Kubeflow"}]}'
    ```

    What is answered with 200 is on disk. Texts are kept in NFC and with single spaces. A vocabulary has at most 20,000
    entries and as many blocked words, a body at most 4 MiB, all vocabularies together 100,000 of both. Where the
    service has no database (`TSUZUKI_DATABASE=none`) it is a 403.
    """
    return await service.vocabularies.put(name, body)


@vocabulary_router.get(
    "/vocabularies/{name}",
    summary="Get a vocabulary",
    responses=_OF_ONE,
)
async def get_vocabulary(name: Name, service: TheService) -> Vocabulary:
    """Answer a vocabulary as it is kept, its entries sorted. What comes can be put in again as it is."""
    return await service.vocabularies.get(name)


@vocabulary_router.delete(
    "/vocabularies/{name}",
    summary="Delete a vocabulary",
    responses=_OF_ONE,
)
async def delete_vocabulary(name: Name, service: TheService) -> VocabularySummary:
    """Delete a vocabulary, and answer what it was.

    Requests that name it are a 422 from then on, in other workers within two seconds. Where only the setting
    `TSUZUKI_VOCABULARIES` names it, they go on without.
    """
    return await service.vocabularies.delete(name)
