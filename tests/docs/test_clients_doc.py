"""The Python code in ``docs/clients.md`` runs, and does what the text says of it."""

import re
from pathlib import Path

import pytest

import app

DOCUMENT = (Path(app.__file__).parent.parent / "docs" / "clients.md").read_text("utf-8")
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def run(block: str, server: str) -> None:
    """Run a block against a server."""
    assert ADDRESS in block
    exec(compile(block.replace(ADDRESS, server), "clients.md", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_runs_and_prints_what_it_got(block: str, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(block, server)
    printed = capsys.readouterr()
    assert printed.out and not printed.err


def test_the_table_of_lengths_is_right() -> None:
    rows = re.findall(r"^\| `(.+?)`( \(.*\))? \| (\d) \| (\d) \|$", DOCUMENT, re.MULTILINE)
    assert len(rows) == 4
    for text, _, units, points in rows:
        assert (len(text.encode("utf-16-le")) // 2, len(text)) == (int(units), int(points))
