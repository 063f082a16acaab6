"""Suggestions and corrections: the place in a text that is asked about, and what is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.schemas.fields import USER, Count, Message, ModelName, Position, Text, UserId, whole
from app.schemas.vocabularies import AskedVocabularies


class PlaceQuery(BaseModel):
    """A place in a text, and how many answers are wanted."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(
        description="The text with the cursor in it. What stands far before the cursor is not read.",
        examples=["I would like an app"],
    )
    cursor: Position | None = Field(
        default=None,
        description="The cursor's place in the text, in code points: 0 is before the first, and the text's "
        "length, the default, is its end. Only what stands before it is context.",
        examples=[19],
    )
    limit: Count | None = Field(default=None, description="The most suggestions to answer.", examples=[3])
    min_probability: float = Field(
        default=0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Suggestions that are less probable than this are left out.",
        examples=[0.01],
    )
    model: ModelName = None
    user: UserId | None = Field(
        default=None,
        description=f"Who writes: what they have taught counts beside the model. {USER}",
        examples=["person-17"],
    )
    vocabularies: AskedVocabularies | None = Field(
        default=None,
        description="The vocabularies whose words are offered beside those of the model, and never corrected, by "
        "their names; none where the list is empty. By default those that the service is set to use.",
        examples=[[]],
    )


class SuggestionQuery(PlaceQuery):
    """Where suggestions are wanted, and how many."""

    fuzzy: bool = Field(
        default=True,
        description="Whether typos are understood: corrections are offered among the completions, and "
        "misspelled words of the context are read as those that were meant. `false` takes every letter as it stands.",
        examples=[True],
    )
    words: Annotated[int, Field(ge=1, le=8), BeforeValidator(whole)] = Field(
        default=1,
        description="The most words of a suggestion. With more than 1 a word may go on as a `phrase`, as far as that "
        "is likely and saves keystrokes, where the rest of the line is empty. A mark that ends the sentence counts as "
        "a word.",
        examples=[4],
    )
    reply_to: Message | None = Field(
        default=None,
        description="The message that the text answers, where it does: it counts as a line before the text, and where "
        "the model has replies, so does what its decoder expects after it. Text and message together may be as long as "
        "a text.",
        examples=["Would you like an apple or a pear?"],
    )


class SuggestionRequest(SuggestionQuery):
    """Where suggestions are wanted, and how many.

    `null` stands for the default of `cursor`, `limit`, `model`, `user`, `vocabularies` and `reply_to`. Other fields
    than these are refused.
    """

    # JSON has types: "5" and true are no numbers.
    model_config = ConfigDict(strict=True)


class CorrectionQuery(PlaceQuery):
    """Where the word stands that is to be corrected: the last one that begins before the cursor."""


class CorrectionRequest(CorrectionQuery):
    """Which word or words are to be corrected.

    `null` stands for the default of `cursor`, `limit`, `model`, `user` and `vocabularies`. Other fields than these are
    refused.
    """

    model_config = ConfigDict(strict=True)

    all: bool = Field(
        default=False,
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
        description="P(word | context, and the prefix where there is one); of a phrase that of all of it.",
        examples=[0.053125],
    )
    kind: Literal["completion", "correction", "next-word", "phrase", "typed", "learned"] = Field(
        description="A `completion` finishes the word being typed, a `correction` changes its letters, a `next-word` "
        "follows it, a `phrase` goes on for several words or to the end of the sentence; `typed`, of `/correct`, is "
        "the typed word itself; `learned` is a word that the `user` alone has taught.",
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
