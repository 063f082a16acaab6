"""Text that is written on: what is asked for, and what is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.schemas.fields import ModelName, Text, whole


class GenerationRequest(BaseModel):
    """A text to be written on from its end.

    `null` stands for the default of `seed` and `model`. Other fields than these are refused.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    text: Text = Field(
        description="The text to go on from. What stands far before its end is not read.",
        examples=["Thank you for your help. I"],
    )
    max_words: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = Field(
        default=30, description="The most words to write.", examples=[20]
    )
    temperature: float = Field(
        default=0.7,
        ge=0,
        le=2,
        allow_inf_nan=False,
        description="How daring the choice of words is: 1 draws by their probabilities, less prefers the likely ones, "
        "0 always takes the likeliest.",
        examples=[0.7],
    )
    top_p: float = Field(
        default=0.9,
        ge=0.01,
        le=1,
        allow_inf_nan=False,
        description="Each word is drawn from the likeliest ones that are together this likely.",
        examples=[0.9],
    )
    seed: Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(whole)] | None = Field(
        default=None,
        description="The same seed gives the same text. By default a new one, which the answer holds.",
        examples=[7],
    )
    stop: Literal["sentence", "paragraph", "length"] = Field(
        default="sentence", description="What ends the text before `max_words` does.", examples=["sentence"]
    )
    model: ModelName = None


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
