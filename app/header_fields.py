"""Reads one header field of a request, without making an object of all of them."""

from starlette.types import Scope


def header_field(scope: Scope, name: bytes) -> str:
    """Return the first field of a name, which is given in small letters; '' where there is none."""
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return ""
