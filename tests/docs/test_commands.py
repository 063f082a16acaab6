"""Every documented command is run, by a test or by a script, or says on its page what it needs.

``tests/docs/documented_commands.py`` has the rules, ``tests/docs/test_commands_run.py`` runs what can be run.
"""

from pathlib import Path

import pytest

from tests.docs.command_checks import faults
from tests.docs.documented_commands import (
    ELSEWHERE,
    OTHERS,
    RUN,
    SHELLS,
    Command,
    all_commands,
    blocks,
    commands,
    is_part_of,
    to_run,
)
from tests.docs.test_links import PAGES, ROOT

COMMANDS = all_commands()
TO_RUN = to_run(COMMANDS)
NOT_RUN = [command for command in COMMANDS if command not in TO_RUN]
WHAT_TO_DO = """is run by nothing. Do one of these:
- where its program is in RUN of tests/docs/documented_commands.py, test_commands_run.py beside it runs it: add the
  program, and in walkthrough.py the files that it reads;
- where another test or script runs it, name that in ELSEWHERE;
- where it cannot be run here, mark it on the page: a comment `# needs Docker`, `# needs a network`, `# needs a GPU`,
  `# takes ten minutes` behind it or above it in its block, or these words behind it in its paragraph."""


def is_settled(command: Command, among: list[Command]) -> bool:
    """Whether something says that a command holds."""
    is_known = bool(command.mark) or command.program in RUN or command.program in ELSEWHERE
    return is_known or any(is_part_of(command, other) for other in among)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_is_run_or_marked(command: Command) -> None:
    assert is_settled(command, COMMANDS), f"{command}\n{WHAT_TO_DO}"


@pytest.mark.parametrize("command", NOT_RUN, ids=str)
def test_what_can_be_checked_of_a_command_that_is_not_run_holds(command: Command) -> None:
    assert faults(command.text) == [], str(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_in_a_language_that_is_known_to_hold_commands_or_none(page: Path) -> None:
    found = list(blocks(page.read_text("utf-8")))
    assert {block.language for block in found} <= {None, *SHELLS, *OTHERS}
    assert not [block.text for block in found if block.language is None and "```" in block.text]


@pytest.mark.parametrize("program", ELSEWHERE)
def test_what_runs_elsewhere_is_documented_and_runs_there(program: str) -> None:
    file, text = ELSEWHERE[program]
    assert text in (ROOT / file).read_text("utf-8"), f"{file} runs {program} no more"
    assert program in {command.program for command in COMMANDS}, f"no page names {program} any more"


@pytest.mark.parametrize("program", RUN)
def test_what_is_run_is_documented(program: str) -> None:
    assert program in {command.program for command in TO_RUN}, f"no page names {program} any more"


PAGE = """# Page

Run `make run`, not `make`; `docker compose up` too. `python -m model.train --out x` has `--minutes`, or two
hours; `make
five` takes two
hours.

- `make one` needs a network
- `make two`

| `make three` | takes ten minutes |
| `make four` | |

    make run                # a comment
    python -m x --y \\
        'z # z'             # needs a GPU

    {"a": 1}

- An item.

  ```sh
  # needs Docker
  A=b docker up
  docker down     # needs root
  ```

```python
make = 1
```

    # a comment
    $ cargo build
"""


def test_commands_marks_and_answers_are_found() -> None:
    assert [tuple(command)[1:] for command in commands("page", PAGE)] == [
        ("make run", "", True, ""),
        ("docker compose up", "needs Docker", True, ""),
        ("python -m model.train --out x", "", True, ""),
        ("make five", "takes two hours", True, ""),
        ("make one", "needs a network", True, ""),
        ("make two", "", True, ""),
        ("make three", "takes ten minutes", True, ""),
        ("make four", "", True, ""),
        ("make run", "", False, ""),
        ("python -m x --y 'z # z'", "needs a GPU", False, '    {"a": 1}\n'),
        ("A=b docker up", "needs Docker", False, ""),
        ("docker down", "needs root", False, ""),
        ("cargo build", "", False, ""),
    ]


def test_a_command_that_nothing_runs_is_found() -> None:
    found = commands("page", PAGE)
    assert [command.text for command in found if not is_settled(command, found)] == [
        "make two",
        "make four",
        "cargo build",
    ]


def test_a_part_of_another_command_is_not_run_by_itself() -> None:
    full = Command("page", "python -m model.evaluate model/en --typos", "", False)
    part = Command("page", "python -m model.evaluate --typos", "", True)
    other = Command("page", "python -m model.evaluate --literal", "", True)
    assert to_run([part, full, other]) == [full, other]


@pytest.mark.parametrize(
    "text",
    [
        "python -m model.tarin x",
        "python -m http.server",
        "TSUZUKI_X=1 .venv/bin/python -m model.train x --minute 3",
        "python -m scripts.container --help-me",
        "docker compose --profile scales up proxy",
        "docker compose up proxies",
        "docker compose up --scale replicas=5 proxy",
        "docker compose stop",
        "docker compose run --rm train /data/x --minute 3",
        'docker compose run --rm --entrypoint "python -m model.counting" train --megabytes 1',
        'docker compose run --rm --entrypoint "python -m tsuzuki.model.counting" train --megabytes 1',
        "docker compose run --rm tsuzuki /data/x",
        "docker run --volume tsuzuki_model:/models tsuzuki",
        "docker build deploy",
        "make runn",
        "true && make runn",
        "python scripts/type_sentence.py",
        "tsuzuki train x --minute 3",
        "tsuzuki evaluate x --minutes 3",
        "tsuzuki --hots 0.0.0.0",
        "pip install 'tsuzuki[cuda]'",
        "pip install -e '.[cudas]'",
        "kernprof -p model.typist.Typist.suggests -m benchmarks.service.in_process",
        "TSUZUKI_MODEL=a make run",
    ],
)
def test_faults_are_found(text: str) -> None:
    assert len(faults(text)) >= 1
