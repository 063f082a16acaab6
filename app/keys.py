"""API keys: parsed from the settings, found in requests, compared in constant time. Only their digests are kept."""

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from starlette.types import Scope

from app.header_fields import header_field
from app.validation_messages import rule_broken

_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")
# A shorter key can be guessed. In a variable a key has no dot or slash, so that a wrong path is not taken for one.
_KEY_IN_FILE = re.compile(r"[!-~]{16,512}")
_KEY_IN_VARIABLE = re.compile(r"[A-Za-z0-9_~+=-]{16,512}")
# Of a digest as much as tells callers apart.
_CALLER_DIGITS = 16

KEY_HEADER = "X-API-Key"
_KEY_FIELD = KEY_HEADER.lower().encode()


class Caller(NamedTuple):
    """The holder of a key: a name to count requests by, which does not reveal the key, and a role."""

    name: str
    role: Literal["user", "admin"]


class Keyring:
    """The digests of the keys that open the service; those of administrators open all of it."""

    def __init__(self, user_digests: Iterable[bytes], admin_digests: Iterable[bytes]) -> None:
        self._user, self._admin = tuple(user_digests), tuple(admin_digests)

    @property
    def needs_key(self) -> bool:
        """True where requests must bring a key."""
        return bool(self._user)

    @property
    def has_keys(self) -> bool:
        """True where there is any key, a user's or an administrator's."""
        return bool(self._user or self._admin)

    @property
    def has_administrators(self) -> bool:
        """True where any key may administer the service."""
        return bool(self._admin)

    def caller(self, key: bytes) -> Caller | None:
        """Find the holder of a key; None where it is not known. Takes the same time for every key."""
        digest = sha256(key).digest()
        is_user, is_admin = _among(digest, self._user), _among(digest, self._admin)
        if not is_user and not is_admin:
            return None
        return Caller(digest.hex()[:_CALLER_DIGITS], "admin" if is_admin else "user")


def _among(digest: bytes, known: tuple[bytes, ...]) -> bool:
    found = False
    for other in known:  # all of them: stopping early would reveal which it is
        found |= hmac.compare_digest(digest, other)
    return found


def key_of(scope: Scope) -> bytes | None:
    """Return the key that a request brings, as ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``."""
    scheme, _, key = header_field(scope, b"authorization").partition(" ")
    if scheme.lower() != "bearer":
        key = header_field(scope, _KEY_FIELD)
    # As the bytes that came: a key that is not ASCII is simply not known.
    return key.strip().encode("latin-1") or None


def read_keys(value: str) -> tuple[bytes, ...]:
    """Parse the keys of a setting, a file with one a line or some separated by commas, into their digests."""
    file = Path(value)
    if file.is_file():
        return _read_file(file)
    return tuple(_digest(part.strip(), _KEY_IN_VARIABLE) for part in value.split(","))


def _read_file(file: Path) -> tuple[bytes, ...]:
    try:
        lines = [line.strip() for line in file.read_text("ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise rule_broken("must be a file of ASCII text that can be read") from None
    digests = tuple(_digest(line, _KEY_IN_FILE) for line in lines if line and not line.startswith("#"))
    if not digests:
        raise rule_broken("must be a file that holds at least one key")
    return digests


def _digest(given: str, allowed: re.Pattern[str]) -> bytes:
    told = _DIGEST.fullmatch(given)
    if told:
        return bytes.fromhex(told[1])
    if not allowed.fullmatch(given) or given.lower().startswith("sha256"):
        raise rule_broken(
            "must be a file with one key a line, or keys of at least 16 letters, digits, -, _, ~, + and =, "
            "separated by commas; sha256: and 64 hexadecimal digits stand for a key too"
        )
    return sha256(given.encode()).digest()
