"""People: what they teach, what is known of them, and their export."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.schemas.fields import USER, Count, Position, Text, UserId, encodable


class LearnRequest(BaseModel):
    """A finished text, and who wrote it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    user: UserId = Field(description=f"Who wrote it. {USER}", examples=["person-17"])
    text: Text = Field(
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


# The most of anything that an export counts: what is taught after it still fits the database's numbers.
MOST_COUNTED = 1_000_000_000
# A weight is 1 when it is made, and fades by age alone.
MOST_WEIGHT = 1e9
_LEAST_WEIGHT = 1e-6

_WORD = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(encodable)]
_WEIGHT = Annotated[float, Field(ge=_LEAST_WEIGHT, le=MOST_WEIGHT, allow_inf_nan=False)]


class ExportedWord(BaseModel):
    """The counts of a word or a mark."""

    model_config = ConfigDict(strict=True, extra="forbid")

    word: _WORD = Field(description="The word or mark.", examples=["Kubeflow"])
    uses: Count = Field(le=MOST_COUNTED, description="How often it was used.", examples=[3])
    weight: _WEIGHT = Field(description="The count that fades, as it was when it last changed.", examples=[2.9])
    age: Position = Field(le=MOST_COUNTED, description="The texts since then.", examples=[4])
    passed_over: Position = Field(
        default=0, le=MOST_COUNTED, description="The texts in which it was offered and not taken.", examples=[0]
    )


class ExportedSequence(BaseModel):
    """The count of two or three words that followed each other."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sequence: Annotated[list[_WORD], Field(min_length=2, max_length=3)] = Field(
        description="Two or three of the words and marks of the export.", examples=[["Kubeflow", "runs"]]
    )
    weight: _WEIGHT = Field(description="The count that fades, as it was when it last changed.", examples=[1.0])
    age: Position = Field(le=MOST_COUNTED, description="The texts since then.", examples=[4])


_DIGEST = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class PersonExport(BaseModel):
    """All that is known of a person: counts, and digests of forgotten words."""

    model_config = ConfigDict(strict=True, extra="forbid")

    texts: Position = Field(le=MOST_COUNTED, description="The texts that they taught.", examples=[12])
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
