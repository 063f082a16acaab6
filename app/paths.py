"""The paths with rules of their own: open to everybody, for administrators, not counted by the rate limit.

All of them are written without the prefix ``/v1``, under which every address stands too.
"""

import re

from starlette.types import Scope

# Addresses keep their meaning under this prefix; those without it mean the newest version, which is this one.
PREFIX = "/v1"
# Pages that say what the service is, and probes; they hold nothing and cost nothing.
OPEN_PATHS = frozenset({"/", "/tsuzuki.js", "/docs", "/openapi.json"})
OPEN_FOLDERS = ("/static/", "/health/")
ADMIN_OPERATIONS = frozenset({("POST", "/models/reload")})
# Whoever reaches a service without any keys may do all that these hold.
ADMIN_WHERE_KEYS = re.compile(r"/vocabularies(/.*)?", re.DOTALL)
# The most bytes of a body there: some 20,000 entries of four words.
VOCABULARY_BYTES = 4 * 2**20
# They need a key but are not counted: they must come through just when there are too many requests.
UNCOUNTED_PATHS = frozenset({"/metrics"})
# Below it a part of a path may hold any character, a slash too: it stays as it was sent, percent-encoded.
USERS = "/users/"
EXPORT = "/export"


def route_path(scope: Scope) -> str:
    """Return the path as the routes have it: without the path that the app is mounted under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def enter_prefix(scope: Scope) -> None:
    """Take the prefix for the path that the app is mounted under: from here on both addresses are one."""
    path = route_path(scope)
    if path.startswith(f"{PREFIX}/"):
        scope["root_path"] = scope["path"].removesuffix(path) + PREFIX


def is_administration(method: str, path: str, has_keys: bool) -> bool:
    """Tell whether an operation needs an administrator's key; ``has_keys`` where the service has keys at all."""
    return (method, path) in ADMIN_OPERATIONS or (has_keys and ADMIN_WHERE_KEYS.fullmatch(path) is not None)


def is_open(path: str) -> bool:
    """Tell whether a path needs no key and has no rate limit."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
