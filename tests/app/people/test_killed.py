"""``kill -9`` amid texts that are taught: one round of what ``benchmarks/people/killed.py`` does many times."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.database.engine import open_database
from app.settings import read_settings
from benchmarks.people.killed import rounds

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")


def test_what_was_answered_survives(new_url: Callable[[], str], tiny_folder: Path) -> None:
    url = new_url()
    database = open_database(read_settings({"database": url}))
    assert database is not None
    database.upgrade()
    database.close()
    told = rounds(1, url, f"tiny={tiny_folder}")
    assert told["answered"] >= 10
