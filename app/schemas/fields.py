"""Kinds of fields that several schemas have."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError


def encodable(text: str) -> str:
    """Refuse half of a surrogate pair, which JSON can spell, but which is no character and fits no encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("string_unicode", "not valid Unicode") from None
    return text


def whole(value: object) -> object:
    """Accept 5.0 as a whole number, as JSON Schema does; some languages write it so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Text = Annotated[str, AfterValidator(encodable)]
# White space around a message says nothing.
Message = Annotated[Text, AfterValidator(str.strip)]
USER_LETTERS = 128
UserId = Annotated[str, Field(min_length=1, max_length=USER_LETTERS), AfterValidator(encodable)]
USER = "An opaque id, 1 to 128 code points, as the person's number in your own database."
Position = Annotated[int, Field(ge=0), BeforeValidator(whole)]
Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]
ModelName = Annotated[
    str | None,
    Field(description="The model to ask, a name from `/models`. By default the first one.", examples=["en"]),
]
