"""The running service, as the tests of the service have it."""

from tests.app.conftest import make_app, server

__all__ = ["make_app", "server"]
