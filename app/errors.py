"""The errors that a caller is told about, each in one class.

A class declares its status, the header fields it sends and the arguments of an example. Its docstring says in the
OpenAPI document when it comes.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.exceptions import HTTPException

from app.settings import Settings
from app.validation_messages import not_allowed, show

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_RETRY_SOON = {"Retry-After": "1"}
# Nobody reads the rest of the request.
_CLOSE = {"Connection": "close"}


class ServiceError(HTTPException):
    """An error with a status and a message of its own."""

    status: ClassVar[int] = 500
    sends: ClassVar[Mapping[str, str]] = {}
    example_arguments: "ClassVar[staticmethod[[Settings], tuple[Any, ...]]]" = staticmethod(lambda settings: ())

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.status, detail, headers=headers or self.sends or None)

    @classmethod
    def example(cls, settings: Settings) -> "ServiceError":
        """Make one as it can come under these settings."""
        return cls(*cls.example_arguments(settings))


class MalformedBodyError(ServiceError):
    """The body is not JSON in UTF-8, is nested some thousand times, or has a name twice in one object."""

    status = 400
    example_arguments = staticmethod(lambda settings: ("body: not JSON at character 9: Expecting value",))


class MissingKeyError(ServiceError):
    """A key is missing; `WWW-Authenticate: Bearer` says what to send."""

    status = 401
    sends = _CHALLENGE

    def __init__(self) -> None:
        super().__init__("a key is missing: send it as Authorization: Bearer KEY, or as X-API-Key: KEY")


class UnknownKeyError(ServiceError):
    """The key is not known."""

    status = 401
    sends = _CHALLENGE

    def __init__(self) -> None:
        # Without the key itself: it may be a good one elsewhere.
        super().__init__("the key that was sent is not known here")


class AdminKeyError(ServiceError):
    """The key is not an administrator's."""

    status = 403

    def __init__(self) -> None:
        super().__init__("this needs an administrator's key, one of TSUZUKI_ADMIN_KEYS")


class NoAdministratorError(ServiceError):
    """There are no administrators."""

    status = 403

    def __init__(self) -> None:
        super().__init__("nobody may do this here, TSUZUKI_ADMIN_KEYS holds no keys")


class NoDatabaseError(ServiceError):
    """The service has no database, so it keeps nothing."""

    status = 403

    def __init__(self) -> None:
        super().__init__("nothing is kept here, TSUZUKI_DATABASE is none")


class NoRepliesError(ServiceError):
    """The model has no replies: no folder `reply` lies in its folder."""

    status = 404
    example_arguments = staticmethod(lambda settings: (next(iter(settings.models)),))

    def __init__(self, model: str) -> None:
        super().__init__(f"model: {model} has no replies, no folder reply lies in its folder")


class UnknownVocabularyError(ServiceError):
    """There is no vocabulary of this name."""

    status = 404
    example_arguments = staticmethod(lambda settings: ("products",))

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: there is no vocabulary of this name")


class SlowRequestError(ServiceError):
    """The request did not arrive within the time limit. The connection ends."""

    status = 408
    sends = _CLOSE
    example_arguments = staticmethod(lambda settings: (settings.timeout_seconds,))

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the request must arrive within {seconds:g} s")


class ReloadRunningError(ServiceError):
    """The models are being reloaded already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("the models are being reloaded already")


class TooManyEntriesError(ServiceError):
    """All vocabularies together would have more entries and blocked words than fit."""

    status = 409
    example_arguments = staticmethod(lambda settings: (103_000, 100_000))

    def __init__(self, entries: int, most: int) -> None:
        super().__init__(
            f"all vocabularies together would have {entries} entries and blocked words, they may have {most}"
        )


class BodyTooLargeError(ServiceError):
    """The body has more bytes than the longest text can take, or a vocabulary may. The connection ends."""

    status = 413
    sends = _CLOSE
    example_arguments = staticmethod(lambda settings: (settings.max_request_bytes,))

    def __init__(self, most: int) -> None:
        super().__init__(f"body: must be at most {most} bytes")


class QueryTooLongError(ServiceError):
    """The query string has more bytes than the longest text can take."""

    status = 414
    example_arguments = staticmethod(lambda settings: (settings.max_request_bytes,))

    def __init__(self, most: int) -> None:
        super().__init__(f"query string: must be at most {most} bytes")


class WrongContentTypeError(ServiceError):
    """The body's `Content-Type` is not `application/json`."""

    status = 415
    example_arguments = staticmethod(lambda settings: ("text/plain",))

    def __init__(self, found: str | None) -> None:
        shown = "none" if found is None else show(found, quotes=False)
        super().__init__(not_allowed("Content-Type", shown, "must be application/json"))


class InvalidFieldError(ServiceError):
    """A field is missing, unknown, or breaks its rule; several are told of at once."""

    status = 422
    example_arguments = staticmethod(
        lambda settings: ("limit", settings.max_limit + 1, f"must be at most {settings.max_limit}")
    )

    def __init__(self, name: str, value: object, rule: str) -> None:
        super().__init__(not_allowed(name, show(value), rule))


class TextTooLongError(ServiceError):
    """The text has more code points than the settings allow."""

    status = 422
    example_arguments = staticmethod(lambda settings: (settings.max_text_length + 1, settings.max_text_length))

    def __init__(self, length: int, most: int, field: str = "text") -> None:
        super().__init__(f"{field}: {length} code points are not allowed, it must have at most {most}")


class RepeatedParameterError(ServiceError):
    """A query parameter is given more than once."""

    status = 422
    example_arguments = staticmethod(lambda settings: ("limit", 2))

    def __init__(self, name: str, times: int) -> None:
        super().__init__(f"{name}: given {times} times, it must be given once")


class ReloadFailedError(ServiceError):
    """A model cannot be loaded: `detail` names the file and the fault. The loaded ones stay."""

    status = 422
    example_arguments = staticmethod(
        lambda settings: ("models/mine/words.txt: cannot be read: No such file or directory",)
    )

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the loaded models stay, for the new ones cannot be loaded: {reason}")


class RateLimitError(ServiceError):
    """More requests than the rate limit allows; `Retry-After` says when to try again."""

    status = 429
    example_arguments = staticmethod(lambda settings: (600, 60, 3))

    def __init__(self, most: int, window: int, seconds: int) -> None:
        detail = f"more than {most} requests in {window} s, try again in {seconds} s"
        super().__init__(detail, {"Retry-After": str(seconds)})


class HeadTooLargeError(ServiceError):
    """Address and header fields have more bytes than any request needs. The connection ends."""

    status = 431
    sends = _CLOSE
    example_arguments = staticmethod(lambda settings: (settings.max_head_bytes,))

    def __init__(self, most: int) -> None:
        super().__init__(f"address and header fields: must be at most {most} bytes")


class NotReadyError(ServiceError):
    """The service starts or stops."""

    status = 503
    sends = _RETRY_SOON

    def __init__(self) -> None:
        super().__init__("the service is starting or stopping, try again in a second")


class BusyError(ServiceError):
    """Too many requests wait already."""

    status = 503
    sends = _RETRY_SOON
    example_arguments = staticmethod(lambda settings: (settings.queue_limit,))

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} requests are waiting already, try again in a second")


class GenerateLimitError(ServiceError):
    """Too many texts are being written on already."""

    status = 503
    sends = _RETRY_SOON
    example_arguments = staticmethod(lambda settings: (settings.generate_limit,))

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} texts are being written on already, try again in a second")


class DatabaseAwayError(ServiceError):
    """The database cannot be reached, is full or is damaged. Suggestions go on without it."""

    status = 503
    sends = _RETRY_SOON

    def __init__(self) -> None:
        super().__init__("the database is away, nothing was changed, try again in a second")


class TimeLimitError(ServiceError):
    """There was no answer within the time limit."""

    status = 503
    sends = _RETRY_SOON
    example_arguments = staticmethod(lambda settings: (settings.timeout_seconds,))

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s, try again in a second")
