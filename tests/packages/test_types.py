"""The types of the client, as a checker sees them that knows nothing of pydantic."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_clients_doc import BLOCKS

WRONG = """\
from tsuzuki.client import Client

with Client() as tsuzuki:
    tsuzuki.complete(txt="a")
    number: int = tsuzuki.complete(text="a").suggestions[0].text
    tsuzuki.learn(user="person-17")
"""


def test_the_documented_calls_pass_and_wrong_ones_do_not(unpacked: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"block{number}.py").write_text(block, "utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, "utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\nfollow_imports = silent\ncheck_untyped_defs = True\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", *(path.name for path in sorted(tmp_path.glob("*.py")))],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert {line.partition(" error:")[0] for line in errors} == {"wrong.py:4:", "wrong.py:5:", "wrong.py:6:"}, done
    assert re.search("wrong.py:4: .*txt", done.stdout) and re.search('wrong.py:6: .*"text"', done.stdout)
