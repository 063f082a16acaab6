"""Limits of a request: the lengths, numbers and names that the settings and the loaded models allow."""

from app.errors import InvalidFieldError, TextTooLongError
from app.inference.model_set import ModelSet
from app.schemas.suggestions import PlaceQuery
from app.settings import Settings


class Limits:
    """Checks requests. Each method raises ``InvalidFieldError`` or ``TextTooLongError``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def place(self, model_set: ModelSet, request: PlaceQuery) -> tuple[int, str, int]:
        """Check what a request asks about; return its limit, the model's name and the cursor."""
        settings, length = self._settings, len(request.text)
        name = self.text(model_set, request.text, request.model)
        if request.cursor is not None and request.cursor > length:
            raise InvalidFieldError("cursor", request.cursor, f"must be at most {length}, the length of the text")
        limit = min(settings.default_limit, settings.max_limit) if request.limit is None else request.limit
        if limit > settings.max_limit:
            raise InvalidFieldError("limit", limit, f"must be at most {settings.max_limit}")
        return limit, name, length if request.cursor is None else request.cursor

    def text(self, model_set: ModelSet, text: str, model: str | None, field: str = "text") -> str:
        """Check the length of a text and the name of a model; return the name of the model to ask."""
        self.length(len(text), field)
        if model is not None and model not in model_set.engines:
            raise InvalidFieldError("model", model, f"must be one of {', '.join(model_set.engines)}")
        return model_set.default_model if model is None else model

    def length(self, length: int, field: str) -> None:
        """Check the length of a field in code points."""
        if length > self._settings.max_text_length:
            raise TextTooLongError(length, self._settings.max_text_length, field)
