"""The running service, as the tests of the service have it."""

from tests.app.conftest import answering_model, make_app, server

__all__ = ["answering_model", "make_app", "server"]
