"""``docs/api.md`` is what the OpenAPI document says, and its examples are what the shipped model answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.docs import api

COMMAND = "run python -m scripts.docs.api"


def without_chances(answer: Any) -> Any:
    """An answer without its probabilities, the last digits of which differ between machines."""
    if isinstance(answer, dict):
        return {name: without_chances(value) for name, value in answer.items() if name != "probability"}
    return [without_chances(value) for value in answer] if isinstance(answer, list) else answer


def chances(answer: Any) -> list[float]:
    return [float(chance) for chance in re.findall(r'"probability": ([\d.e-]+)', json.dumps(answer))]


def test_the_page_is_current() -> None:
    assert api.PAGE.read_text("utf-8") == api.api_page(), f"docs/api.md is not current: {COMMAND}"


@pytest.mark.usefixtures("shipped_folder")
def test_the_examples_are_what_the_shipped_model_answers() -> None:
    told, found = json.loads(api.EXAMPLES.read_text("utf-8")), api.answered_examples()
    assert without_chances(told) == without_chances(found), COMMAND
    assert chances(told) == pytest.approx(chances(found), abs=1e-4), COMMAND


def test_the_readme_shows_the_first_of_them() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", (api.ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert json.loads(shown) == json.loads(api.EXAMPLES.read_text("utf-8"))["complete"][0]["answer"]


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "a",
        {"a": list(range(100))},
        {"a": {"b": "c" * 70, "d": "e" * 70}, "f": 1},
        [{"long": "x" * 200, "y": None}],
    ],
)
def test_json_is_laid_out_on_lines_that_fit(value: object) -> None:
    text = api.layout(value)
    assert json.loads(text) == value
    assert all(len(line) <= 120 or re.search(r"\S{100}", line) for line in text.splitlines())


def test_the_page_has_a_section_for_each_operation(tmp_path: Path) -> None:
    page = api.PAGE.read_text("utf-8")
    headings = re.findall("^## (.*)$", page, re.MULTILINE)
    assert headings[:2] == ["`POST /complete`", "`GET /complete`"]
    assert headings[-2:] == ["Errors", "Header fields of answers"]
