"""Replies to a message: what is asked for, and what is answered."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.schemas.fields import Message, ModelName, whole


class ReplyRequest(BaseModel):
    """A message that wants a reply.

    `null` stands for the default of `model`. Other fields than these are refused.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    message: Message = Field(
        description="The message to answer. What stands more than some 60 words before its end is not read.",
        examples=["Can you come to dinner on Friday?"],
    )
    limit: Annotated[int, Field(ge=1, le=10), BeforeValidator(whole)] = Field(
        default=3, description="The most replies to answer.", examples=[3]
    )
    model: ModelName = None


class Reply(BaseModel):
    """A reply that fits."""

    text: str = Field(description="The reply, a short sentence or two.", examples=["I'd love to!"])
    probability: float = Field(
        ge=0,
        le=1,
        description="P(reply | message), word for word, by the network. It is small, and smaller for longer "
        "replies; the order is not by it alone.",
        examples=[0.0021],
    )


class ReplyAnswer(BaseModel):
    """Replies that differ in what they say, the best first; there may be none."""

    replies: list[Reply] = Field(description="No two of them say the same.")
    model: str = Field(description="The model that answered.", examples=["en"])
