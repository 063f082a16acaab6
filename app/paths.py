"""The paths of the service: which are open to everybody, which are an administrator's, which are not counted."""

from starlette.types import Scope

# Pages that say what the service is, and probes; they hold nothing and cost nothing.
OPEN_PATHS = frozenset({"/", "/tsuzuki.js", "/docs", "/openapi.json"})
OPEN_FOLDERS = ("/static/", "/health/")
ADMIN_OPERATIONS = frozenset({("POST", "/models/reload")})
# They need a key but are not counted: they must come through just when there are too many requests.
UNCOUNTED_PATHS = frozenset({"/metrics"})


def route_path(scope: Scope) -> str:
    """The path as the routes have it: without what the app is mounted under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def is_open(path: str) -> bool:
    """Whether everybody may ask for it, as often as he likes."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
