"""The app, its client and a real server, as the tests of the service have them."""

from tests.app.conftest import answering_model, client, make_app, server

__all__ = ["answering_model", "client", "make_app", "server"]
