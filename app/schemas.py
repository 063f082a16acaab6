"""The schemas of requests and answers, as the OpenAPI document shows them.

Bounds that are settings (the longest text, the largest limit, the models' names) are checked by the
service and written into the document by ``app.api.openapi``. Positions are Unicode code points.
"""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.validation_messages import rule_broken
from model.lm.words.custom_vocabulary import LONGEST_ENTRY
from model.text.tokens import fold


def _encodable(text: str) -> str:
    """Refuse half of a surrogate pair, which JSON can spell, but which is no character and fits no encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("string_unicode", "not valid Unicode") from None
    return text


def _whole(value: object) -> object:
    """Accept 5.0 as a whole number, as JSON Schema does; some languages write it so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


USER_LETTERS = 128
UserId = Annotated[str, Field(min_length=1, max_length=USER_LETTERS), AfterValidator(_encodable)]
USER = "An opaque id, 1 to 128 code points, as the person's number in your own database."
Position = Annotated[int, Field(ge=0), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


# Names of vocabularies, as those of models: they stand in addresses, and with commas between them in query strings.
VOCABULARY_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
MOST_ASKED_VOCABULARIES = 16
MOST_VOCABULARY_ENTRIES = 20_000


def _vocabulary_name(name: str) -> str:
    if not re.fullmatch(VOCABULARY_NAME, name):
        raise rule_broken("must be 1 to 64 letters, digits, _, . and - of ASCII, the first a letter or digit")
    return name


def _split_at_commas(value: object, info: ValidationInfo) -> object:
    """Take the names of a query string apart; JSON has lists."""
    if info.config is not None and info.config.get("strict"):
        return value
    return [name for part in value for name in part.split(",") if part] if isinstance(value, list) else value


def _one_line(text: str) -> str:
    """Bring a text of a vocabulary into its normal form: NFC, and single spaces inside."""
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text):
        raise rule_broken("must be one line without control characters")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(text) <= LONGEST_ENTRY:
        raise rule_broken(f"must have 1 to {LONGEST_ENTRY} code points beside white space")
    return text


def _entry(text: str) -> str:
    text = _one_line(text)
    if not (text[0].isalpha() or text[0].isdecimal()) or not fold(text)[:1].isalnum():
        raise rule_broken("must begin with a letter or a digit")
    return text


def _blocked(text: str) -> str:
    text = _one_line(text)
    if not any(c.isalnum() for c in fold(text)):
        raise rule_broken("must have a letter or a digit")
    return text


VocabularyName = Annotated[
    str, AfterValidator(_vocabulary_name), WithJsonSchema({"type": "string", "pattern": f"^{VOCABULARY_NAME}$"})
]


AskedVocabularies = Annotated[
    list[VocabularyName], Field(max_length=MOST_ASKED_VOCABULARIES), BeforeValidator(_split_at_commas)
]


class PlaceQuery(BaseModel):
    """A place in a text, and how many answers are wanted."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, AfterValidator(_encodable)] = Field(
        description="The text with the cursor in it. What stands far before the cursor is not read.",
        examples=["I would like an app"],
    )
    cursor: Position | None = Field(
        None,
        description="The cursor's place in the text, in code points: 0 is before the first, and the text's "
        "length, the default, is its end. Only what stands before it is context.",
        examples=[19],
    )
    limit: Count | None = Field(None, description="The most suggestions to answer.", examples=[3])
    min_probability: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Suggestions that are less probable than this are left out.",
        examples=[0.01],
    )
    model: str | None = Field(
        None, description="The model to ask, a name from `/models`. By default the first one.", examples=["en"]
    )
    user: UserId | None = Field(
        None,
        description=f"Who writes: what they have taught counts beside the model. {USER}",
        examples=["person-17"],
    )
    vocabularies: AskedVocabularies | None = Field(
        None,
        description="The vocabularies whose words are offered beside those of the model, and never corrected, by "
        "their names; none where the list is empty. By default those that the service is set to use.",
        examples=[[]],
    )


class SuggestionQuery(PlaceQuery):
    """Where suggestions are wanted, and how many."""

    fuzzy: bool = Field(
        True,
        description="Whether typos are understood: corrections are offered among the completions, and "
        "misspelled words of the context are read as those that were meant. `false` takes every letter as it stands.",
        examples=[True],
    )
    words: Annotated[int, Field(ge=1, le=8), BeforeValidator(_whole)] = Field(
        1,
        description="The most words of a suggestion. With more than 1 a word may go on as a `phrase`, as far as that "
        "is likely and saves keystrokes, where the rest of the line is empty.",
        examples=[4],
    )


class SuggestionRequest(SuggestionQuery):
    """Where suggestions are wanted, and how many.

    `null` stands for the default of `cursor`, `limit`, `model` and `user`. Other fields than these are refused.
    """

    # JSON has types: "5" and true are no numbers.
    model_config = ConfigDict(strict=True)


class GenerationRequest(BaseModel):
    """A text to be written on from its end.

    `null` stands for the default of `seed` and `model`. Other fields than these are refused.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    text: Annotated[str, AfterValidator(_encodable)] = Field(
        description="The text to go on from. What stands far before its end is not read.",
        examples=["Thank you for your help. I"],
    )
    max_words: Annotated[int, Field(ge=1, le=100), BeforeValidator(_whole)] = Field(
        30, description="The most words to write.", examples=[20]
    )
    temperature: float = Field(
        0.7,
        ge=0,
        le=2,
        allow_inf_nan=False,
        description="How daring the choice of words is: 1 draws by their probabilities, less prefers the likely ones, "
        "0 always takes the likeliest.",
        examples=[0.7],
    )
    top_p: float = Field(
        0.9,
        ge=0.01,
        le=1,
        allow_inf_nan=False,
        description="Each word is drawn from the likeliest ones that are together this likely.",
        examples=[0.9],
    )
    seed: Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(_whole)] | None = Field(
        None,
        description="The same seed gives the same text. By default a new one, which the answer holds.",
        examples=[7],
    )
    stop: Literal["sentence", "paragraph", "length"] = Field(
        "sentence", description="What ends the text before `max_words` does.", examples=["sentence"]
    )
    model: str | None = Field(
        None, description="The model to ask, a name from `/models`. By default the first one.", examples=["en"]
    )


class GenerationEnd(BaseModel):
    """The end of a text that was written on."""

    words: int = Field(ge=0, description="The number of words written.", examples=[9])
    reason: Literal["sentence", "paragraph", "length", "time", "nothing"] = Field(
        description="What ended it: the end of a sentence or paragraph, `max_words`, the time limit, or that no word "
        "fits.",
        examples=["sentence"],
    )
    seed: int = Field(description="The seed, to get the same text again.", examples=[7])
    model: str = Field(description="The model that answered.", examples=["en"])


class Generation(GenerationEnd):
    """Text that goes on."""

    text: str = Field(description="The text to append, spaces included.", examples=[" hope you have a great day."])


class CorrectionQuery(PlaceQuery):
    """Where the word stands that is to be corrected: the last one that begins before the cursor."""


class CorrectionRequest(CorrectionQuery):
    """Which word or words are to be corrected.

    `null` stands for the default of `cursor`, `limit`, `model` and `user`. Other fields than these are refused.
    """

    model_config = ConfigDict(strict=True)

    all: bool = Field(
        False,
        description="Whether to look at every word before the cursor. The answer then lists those that should change.",
        examples=[False],
    )


class Suggestion(BaseModel):
    """A word that fits, or a phrase."""

    text: str = Field(
        description="The word or phrase, to show. Letter case and apostrophes follow what was typed.",
        examples=["apple"],
    )
    insert: str = Field(
        description="What to put in place of `text[start:end]`, the span in `replace`; spaces included.",
        examples=["apple"],
    )
    probability: float = Field(
        ge=0,
        le=1,
        description="P(word | context, and the prefix where there is one); of a phrase that of all its words.",
        examples=[0.053125],
    )
    kind: Literal["completion", "correction", "next-word", "phrase", "typed", "learned"] = Field(
        description="Whether it finishes the word being typed, corrects it, follows it, or goes on for several words; "
        "of `/correct` also whether it is the typed word itself; `learned` where the word comes from what the `user` "
        "has taught alone.",
        examples=["completion"],
    )


class Span(BaseModel):
    """A half-open span of the text, in code points."""

    start: int = Field(ge=0, description="Where the span begins.", examples=[16])
    end: int = Field(ge=0, description="Where it ends; equal to `start` where nothing is replaced.", examples=[19])


class WordAnswer(BaseModel):
    """Suggestions, the most probable first; there may be none."""

    suggestions: list[Suggestion] = Field(
        description="Sorted by falling probability, each word once; of a phrase its first word."
    )
    prefix: str = Field(
        description="The letters of the word being typed that stand before the cursor; empty for a next word.",
        examples=["app"],
    )
    replace: Span = Field(
        description="The span of the text that `insert` replaces, from `start` up to but without `end`. It covers the "
        "whole word, the letters behind the cursor too, so that accepting a suggestion doubles nothing."
    )


class SuggestionAnswer(WordAnswer):
    """Suggestions, the most probable first; there may be none."""

    model: str = Field(description="The model that answered.", examples=["en"])


class CorrectionList(BaseModel):
    """With `all`, the words of a text that should change."""

    corrections: list[WordAnswer] = Field(description="In the order of the text; the best correction of each first.")
    model: str = Field(description="The model that answered.", examples=["en"])


class VocabularyEntry(BaseModel):
    """A word or several that are offered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[str, AfterValidator(_encodable), AfterValidator(_entry)] = Field(
        description=f"The word or words, as they are to be written: one line of at most {LONGEST_ENTRY} code points, "
        "which begins with a letter or a digit.",
        examples=["Acme Cloud Backup"],
    )
    weight: float = Field(
        1.0,
        gt=0,
        le=100,
        allow_inf_nan=False,
        description="How much more often than an entry of the weight 1 it is meant. A word that the model knows "
        "becomes 1 + `weight` times as likely.",
        examples=[2.0],
    )


class Vocabulary(BaseModel):
    """The words and names of a product, a team or a customer, and words that are never to be offered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    entries: list[VocabularyEntry] = Field(
        [],
        max_length=MOST_VOCABULARY_ENTRIES,
        description="What is offered. Of an entry that is given twice the greater weight counts.",
        examples=[[{"text": "Kubeflow"}, {"text": "Acme Cloud Backup", "weight": 2.0}]],
    )
    blocked: list[Annotated[str, AfterValidator(_encodable), AfterValidator(_blocked)]] = Field(
        [],
        max_length=MOST_VOCABULARY_ENTRIES,
        description="Words, or several in a row, that are never offered where this vocabulary is asked for, in any "
        "letter case and accents, their possessives neither.",
        examples=[["Acme Legacy"]],
    )


class VocabularySummary(BaseModel):
    """A kept vocabulary in numbers."""

    name: str = Field(description="The name to ask for it by.", examples=["products"])
    entries: int = Field(description="The number of its entries.", examples=[2])
    blocked: int = Field(description="The number of its blocked words.", examples=[1])
    changed: datetime = Field(description="When it was put in last.", examples=["2026-01-02T03:04:05Z"])


class VocabularyList(BaseModel):
    """The vocabularies that are kept."""

    vocabularies: list[VocabularySummary] = Field(description="By their names.")


class ModelDescription(BaseModel):
    """A loaded model."""

    name: str = Field(description="The name to ask for it by.", examples=["en"])
    default: bool = Field(description="Whether it answers where a request names none.", examples=[True])
    version: str = Field(
        description="A digest of its configuration and weights, by which one training can be told from another.",
        examples=["e57fdcd4a1ea"],
    )
    cell: str = Field(description="The kind of recurrent cell: rnn, lstm or gru.", examples=["lstm"])
    vocabulary: int = Field(description="The number of words, marks and special tokens it knows.", examples=[32000])
    parameters: int = Field(description="The number of its weights.", examples=[9929984])
    bytes: int = Field(description="The memory its weights take.", examples=[39719936])
    training: dict[str, Any] = Field(
        description="The figures of its training, as the model folder holds them.",
        examples=[{"tokens": 43319360, "validation_perplexity": 29.882}],
    )


class ModelList(BaseModel):
    """The loaded models."""

    models: list[ModelDescription] = Field(description="The default model first.")


class LearnRequest(BaseModel):
    """A finished text, and who wrote it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    user: UserId = Field(description=f"Who wrote it. {USER}", examples=["person-17"])
    text: Annotated[str, AfterValidator(_encodable)] = Field(
        description="The text as it was sent or saved. Its words and their sequences are counted; it is not kept.",
        examples=["Kubeflow runs in Grünwald."],
    )


class PersonSummary(BaseModel):
    """How much is known of a person; nothing of one who has taught nothing."""

    texts: int = Field(ge=0, description="The texts that they taught.", examples=[12])
    words: int = Field(ge=0, description="The words and marks in them, each spelling once.", examples=[310])
    sequences: int = Field(ge=0, description="The sequences of two and of three of them.", examples=[1204])
    forgotten: int = Field(ge=0, description="The words that are not to be offered again.", examples=[1])
    since: float | None = Field(
        description="When they were first heard of, in seconds since 1970; `null` where they were not.",
        examples=[1795600000.5],
    )


class KnownWord(BaseModel):
    """A word that a person taught."""

    word: str = Field(description="The word, as it was written.", examples=["Kubeflow"])
    uses: int = Field(ge=1, description="How often they used it.", examples=[3])
    own: bool = Field(description="Whether the default model's vocabulary lacks it.", examples=[True])


class KnownWordList(BaseModel):
    """Some of the words that a person taught."""

    words: list[KnownWord] = Field(description="The most used first.")
    total: int = Field(ge=0, description="The number of all of them.", examples=[1])


_WORD = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_encodable)]
_WEIGHT = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class ExportedWord(BaseModel):
    """The counts of a word or a mark."""

    model_config = ConfigDict(strict=True, extra="forbid")

    word: _WORD = Field(description="The word or mark.", examples=["Kubeflow"])
    uses: Count = Field(le=2**31 - 1, description="How often it was used.", examples=[3])
    weight: _WEIGHT = Field(description="The count that fades, as it was when it last changed.", examples=[2.9])
    age: Position = Field(le=2**31 - 1, description="The texts since then.", examples=[4])
    passed_over: Position = Field(
        0, le=2**31 - 1, description="The texts in which it was offered and not taken.", examples=[0]
    )


class ExportedSequence(BaseModel):
    """The count of two or three words that followed each other."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sequence: Annotated[list[_WORD], Field(min_length=2, max_length=3)] = Field(
        description="Two or three of the words and marks of the export.", examples=[["Kubeflow", "runs"]]
    )
    weight: _WEIGHT = Field(description="The count that fades, as it was when it last changed.", examples=[1.0])
    age: Position = Field(le=2**31 - 1, description="The texts since then.", examples=[4])


_DIGEST = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class PersonExport(BaseModel):
    """All that is known of a person: counts, and digests of forgotten words."""

    model_config = ConfigDict(strict=True, extra="forbid")

    texts: Position = Field(le=2**31 - 1, description="The texts that they taught.", examples=[12])
    since: float = Field(
        ge=0, le=1e12, allow_inf_nan=False, description="When they were first heard of.", examples=[1795600000.5]
    )
    words: list[ExportedWord] = Field(description="The words and marks, each spelling once.")
    sequences: list[ExportedSequence] = Field(description="The sequences of them.")
    forgetting: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] = Field(
        description="The key of the digests of forgotten words.", examples=["5e" * 32]
    )
    forgotten: list[_DIGEST] = Field(
        description="Digests of the words that are not to be offered again, which are gone themselves.",
        examples=[["9c" * 16]],
    )


class Health(BaseModel):
    """An answer to a health check."""

    status: Literal["live", "ready"] = Field(description="What was asked for holds.", examples=["ready"])


class Problem(BaseModel):
    """An error, a problem of RFC 9457: what was wrong, and which rule applies."""

    type: Literal["about:blank"] = Field(
        description="The kind of the problem: none beyond what the status says.", examples=["about:blank"]
    )
    title: str = Field(description="The name of the status.", examples=["Too Many Requests"])
    status: int = Field(ge=400, le=599, description="The status of the answer.", examples=[429])
    detail: str = Field(
        description="A sentence that names the field, the value and the rule.",
        examples=["limit: 0 is not allowed, it must be at least 1"],
    )
