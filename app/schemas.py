"""The schemas of requests and answers, as the OpenAPI document shows them.

Bounds that are settings (the longest text, the largest limit, the models' names) are checked by the
service and written into the document by ``app.api.openapi``. Positions are Unicode code points.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


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


Position = Annotated[int, Field(ge=0), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


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


class SuggestionQuery(PlaceQuery):
    """Where suggestions are wanted, and how many."""

    fuzzy: bool = Field(
        True,
        description="Whether typos are understood: corrections are offered among the completions, and "
        "misspelled words of the context are read as those that were meant. `false` takes every letter as it stands.",
        examples=[True],
    )


class SuggestionRequest(SuggestionQuery):
    """Where suggestions are wanted, and how many.

    `null` stands for the default of `cursor`, `limit` and `model`. Other fields than these are refused.
    """

    # JSON has types: "5" and true are no numbers.
    model_config = ConfigDict(strict=True)


class CorrectionQuery(PlaceQuery):
    """Where the word stands that is to be corrected: the last one that begins before the cursor."""


class CorrectionRequest(CorrectionQuery):
    """Which word or words are to be corrected.

    `null` stands for the default of `cursor`, `limit` and `model`. Other fields than these are refused.
    """

    model_config = ConfigDict(strict=True)

    all: bool = Field(
        False,
        description="Whether to look at every word before the cursor. The answer then lists those that should change.",
        examples=[False],
    )


class Suggestion(BaseModel):
    """A word that fits."""

    text: str = Field(
        description="The word, to show. Letter case and apostrophes follow what was typed.", examples=["apple"]
    )
    insert: str = Field(
        description="What to put in place of `text[start:end]`, the span in `replace`; spaces included.",
        examples=["apple"],
    )
    probability: float = Field(
        ge=0, le=1, description="P(word | context, and the prefix where there is one).", examples=[0.053125]
    )
    kind: Literal["completion", "correction", "next-word", "typed"] = Field(
        description="Whether it finishes the word being typed, corrects it, or follows it; of `/correct` also whether "
        "it is the typed word itself.",
        examples=["completion"],
    )


class Span(BaseModel):
    """A half-open span of the text, in code points."""

    start: int = Field(ge=0, description="Where the span begins.", examples=[16])
    end: int = Field(ge=0, description="Where it ends; equal to `start` where nothing is replaced.", examples=[19])


class WordAnswer(BaseModel):
    """Suggestions, the most probable first; there may be none."""

    suggestions: list[Suggestion] = Field(description="Sorted by falling probability, each word once.")
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
