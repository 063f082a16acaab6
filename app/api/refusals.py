"""The errors that operations have in common, in groups."""

from app.errors import (
    AdminKeyError,
    BodyTooLargeError,
    BusyError,
    DatabaseAwayError,
    InvalidFieldError,
    MalformedBodyError,
    MissingKeyError,
    NoAdministratorError,
    NotReadyError,
    RateLimitError,
    SlowRequestError,
    TextTooLongError,
    TimeLimitError,
    UnknownKeyError,
    WrongContentTypeError,
)

# Of who asks, and how often; of administrators; of a body that cannot be read; of fields; of a service that cannot
# answer now, and of its database.
ASKED = (MissingKeyError, UnknownKeyError, RateLimitError)
ADMINISTRATION = (AdminKeyError, NoAdministratorError)
BODY = (MalformedBodyError, SlowRequestError, BodyTooLargeError, WrongContentTypeError)
FIELDS = (InvalidFieldError, TextTooLongError)
UNAVAILABLE = (NotReadyError, BusyError, TimeLimitError)
AWAY = (NotReadyError, DatabaseAwayError, TimeLimitError)
