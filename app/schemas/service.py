"""The service itself: its models, its health, and the problems that it answers."""

from typing import Any, Literal

from pydantic import BaseModel, Field


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
    replies: bool = Field(description="Whether it answers messages, at `/reply`.", examples=[True])
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
