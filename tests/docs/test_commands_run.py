"""Documented commands do what the pages say, in a copy of the repository (``tests/docs/documented_commands.py``)."""

import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from app.keys import Keyring, read_keys
from tests.docs.documented_commands import RUN, SMALL, Command, all_commands, to_run
from tests.docs.test_links import ROOT
from tests.docs.walkthrough import ADDRESS, KEY, copy_of_repository, run, service
from tests.scripts.docs.test_api import chances, without_chances

COMMANDS = to_run(all_commands())
TYPED = {"text": "The d"}
# What is added to a training from nothing, which would take seconds longer with the sizes of the shipped model.
SMALL_SIZES = " --embedding 8 --hidden 16"
# To a training whose budget is minutes alone, which would use them up.
AN_EPOCH = " --epochs 1"


def is_walked(command: Command) -> bool:
    """Whether it is run with others of its page and a tiny model; a plain ``make run`` is what serves the rest."""
    return RUN[command.program] == SMALL and command.text != "make run"


WALKED = [command for command in COMMANDS if is_walked(command)]
WALKED_PAGES = list(dict.fromkeys(command.page for command in WALKED))
SERVED = [command for command in COMMANDS if not is_walked(command)]


class Served(NamedTuple):
    """The shipped model behind ``make run``, and the copy of the repository that it runs in."""

    folder: Path
    address: str

    def run(self, command: Command) -> str:
        """What a command prints that goes to this address in place of the documented one."""
        text = command.text.replace(ADDRESS, self.address)
        if command.program.endswith("type_sentences.py"):
            text += f" --url {self.address}"
        return run(text, self.folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shipped_folder: Path) -> Iterator[Served]:
    require("make")
    folder = copy_of_repository(tmp_path_factory.mktemp("served"), shipped_folder)
    variables = {"TSUZUKI_ADMIN_KEYS": KEY, "TSUZUKI_DATABASE": f"sqlite:///{folder}/tsuzuki.db"}
    with service("make run", folder, variables) as address:
        yield Served(folder, address)


def require(*programs: str) -> None:
    for name in programs:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[dict[str, Future[None]]]:
    """The commands of all pages under way, two pages at a time, each in a copy of its own."""
    with ThreadPoolExecutor(2) as pool:
        yield {page: pool.submit(walk, page, tmp_path_factory.mktemp("walk"), tiny_folder) for page in WALKED_PAGES}
        pool.shutdown(cancel_futures=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", WALKED_PAGES)
def test_the_commands_of_a_page_work_one_after_the_other(page: str, walks: dict[str, Future[None]]) -> None:
    walks[page].result()


def walk(page: str, folder: Path, model: Path) -> None:
    """Run the commands of a page in their order."""
    commands = [command for command in WALKED if command.page == page]
    require(*(command.program.split()[0] for command in commands if not command.program.startswith("python")))
    copy_of_repository(folder, model)
    for command in commands:
        if command.program == "make run":
            with service(command.text, folder) as address:
                check_service(command, folder, address)
        else:
            assert command.shown.strip() in run(shortened(command), folder)


def shortened(command: Command) -> str:
    if command.program != "python -m model.train":
        return command.text
    is_new = {"--resume", "--init-from"}.isdisjoint(command.words)
    is_timed = "--minutes" in command.words and "--epochs" not in command.words
    return command.text + SMALL_SIZES * is_new + AN_EPOCH * is_timed


def check_service(command: Command, folder: Path, address: str) -> None:
    """The service answers, and does what the variables before ``make run`` ask for."""
    variables = dict(word.split("=", 1) for word in command.words if "=" in word)
    headers = {"Origin": variables.get("TSUZUKI_CORS_ORIGINS", address)}
    if keys := variables.get("TSUZUKI_API_KEYS"):
        assert httpx.post(f"{address}/complete", json=TYPED, headers=headers).status_code == 401
        headers["Authorization"] = f"Bearer {(folder / keys).read_text().split()[0]}"
    answer = httpx.post(f"{address}/complete", json=TYPED, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["model"] == variables.get("TSUZUKI_MODELS", "en").split("=")[0]
    if "TSUZUKI_CORS_ORIGINS" in variables:
        assert answer.headers["Access-Control-Allow-Origin"] == headers["Origin"]


@pytest.mark.parametrize("command", [command for command in SERVED if command.program == "curl"], ids=str)
def test_a_call_is_answered_as_the_page_says(command: Command, served: Served) -> None:
    require("curl")
    printed = served.run(command)
    file = re.search(r" -o (\S+)", command.text)
    if "text/event-stream" in command.text:
        assert printed.startswith("event: word\n") and "event: end\n" in printed
        return
    answer: Any = json.loads((served.folder / file[1]).read_text("utf-8") if file else printed)
    assert "detail" not in answer
    if command.shown:
        shown = json.loads(command.shown)
        assert without_chances(answer) == without_chances(shown)
        assert chances(answer) == pytest.approx(chances(shown), abs=1e-4)


@pytest.mark.parametrize("command", [c for c in SERVED if c.program not in ("curl", "make run")], ids=str)
def test_what_a_command_prints_is_on_its_page(command: Command, served: Served) -> None:
    printed = served.run(command).strip()
    assert printed and printed in (command.shown or (ROOT / command.page).read_text("utf-8"))


def test_make_run_serves_the_page(served: Served) -> None:
    assert "make run" in {command.text for command in SERVED}
    assert httpx.get(served.address).headers["Content-Type"].startswith("text/html")


def test_a_digest_written_as_the_settings_say_is_a_key(tmp_path: Path) -> None:
    require("sha256sum")
    (command,) = (command for command in WALKED if command.program == "printf")
    run(command.text, tmp_path)
    file = tmp_path / command.words[-1]
    assert KEY not in file.read_text()
    assert Keyring(read_keys(str(file)), ()).caller(KEY.encode()) is not None
