"""The page ``docs/api.md``, from the OpenAPI document: ``python -m scripts.docs.api`` writes it anew.

First it asks the shipped model for the answers in ``app/examples.json``, which the document holds. The explanations
stand where the document takes them from: ``app/api/openapi.py``, the routes in ``app/api``, ``app/schemas``,
``app/errors.py``, ``app/metrics/table.py``.
"""

import json
import re
from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi.testclient import TestClient

import app
from app.errors import ServiceError
from app.main import create_app
from app.settings import Settings

ROOT = Path(app.__file__).parent.parent
PAGE = ROOT / "docs" / "api.md"
EXAMPLES = ROOT / "app" / "examples.json"
_WIDTH = 118
_NOTE = "<!-- Made by `python -m scripts.docs.api` from the OpenAPI document; changes to this file will be lost. -->"

Json = dict[str, Any]
_VOCABULARY = "/vocabularies/products"
_CHANGED = {"changed": "2026-01-02T03:04:05Z"}


def answered_examples() -> Json:
    """The examples, with what the shipped model answers now to each request."""
    examples: Json = json.loads(EXAMPLES.read_text("utf-8"))
    with (
        TemporaryDirectory() as folder,
        TestClient(create_app(Settings(database=f"sqlite:///{folder}/examples.db"))) as client,
    ):
        for case in examples["put_vocabulary"]:
            case["answer"] = _told(client.put(_VOCABULARY, json=case["request"]).json())
        for name in ("complete", "next_word", "correct", "generate", "reply"):
            for case in examples[name]:
                case["answer"] = client.post("/" + name.replace("_", "-"), json=case["request"]).json()
        examples["list_models"] = [{"answer": client.get("/models").json()}]
        (listed,) = client.get("/vocabularies").json()["vocabularies"]
        examples["list_vocabularies"] = [{"answer": {"vocabularies": [listed | _CHANGED]}}]
        examples["get_vocabulary"] = [{"answer": client.get(_VOCABULARY).json()}]
        examples["delete_vocabulary"] = [{"answer": _told(client.delete(_VOCABULARY).json())}]
    return examples


def _told(answer: Json) -> Json:
    """The answer to a change, at the same moment in every run."""
    return answer | _CHANGED


def api_page() -> str:
    """The page, as the settings are by default, with a rate limit so that its header fields are told of."""
    document = create_app(Settings(rate_limit="600/minute")).openapi()
    text = "\n\n".join(_parts(document)) + "\n"
    text = re.sub(r"`(TSUZUKI_\w+)`", r"[`\1`](settings.md)", text)
    return re.sub(r"`docs/(\w+\.md)`", r"[\1](\1)", text)


def _parts(document: Json) -> Iterator[str]:
    yield "# The API"
    yield _NOTE
    yield document["info"]["description"].strip()
    schemas = document["components"]["schemas"]
    told: dict[str, str] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            heading = f"`{method.upper()} {path}`"
            yield f"## {heading}"
            yield operation["description"].strip()
            yield from _request(operation, schemas, told, heading)
            yield from _answer(operation, schemas, told, heading)
            yield from _examples(operation)
    yield "## Errors"
    yield _errors()
    yield "## Header fields of answers"
    yield _header_fields(document)


def _request(operation: Json, schemas: Json, told: dict[str, str], heading: str) -> Iterator[str]:
    """The fields of a request; where an operation before has the same, only the name of that."""
    if parameters := _query_parameters(operation):
        yield "Query parameters: " + ", ".join(f"`{name}`" for name in parameters) + "."
    if "requestBody" in operation:
        name = _name(operation["requestBody"]["content"]["application/json"]["schema"])
        if name in told:
            yield f"The fields are those of {told[name]}."
        else:
            told[name] = heading
            yield f"The request: {_lowered(schemas[name]['description'])}"
            yield _table(["Field", "Type", "Default", "Meaning"], list(_rows(name, schemas)))


def _query_parameters(operation: Json) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]


def _answer(operation: Json, schemas: Json, told: dict[str, str], heading: str) -> Iterator[str]:
    """The fields of an answer, and the statuses of errors."""
    (content,) = operation["responses"]["200"]["content"].values()
    for name in filter(None, map(_name, content["schema"].get("anyOf", [content["schema"]]))):
        if name in told:
            yield f"The answer is that of {told[name]}."
        else:
            yield f"The answer: {_lowered(schemas[name]['description'])}"
            yield "\n".join(_bullets(name, schemas, told, heading))
    errors = sorted(status for status in operation["responses"] if status != "200")
    if errors:
        yield f"[Errors](#errors): {', '.join(errors)}."


def _examples(operation: Json) -> Iterator[str]:
    """Requests and what answers them; of a query string none, as it asks the same."""
    (content,) = operation["responses"]["200"]["content"].values()
    if "requestBody" in operation:
        answers = _named(content)
        for name, request in _named(operation["requestBody"]["content"]["application/json"]).items():
            yield f"Example: {name}." if name else "Example:"
            yield f"```json\n{layout(request)}\n```"
            yield f"```json\n{layout(answers[name])}\n```"
    elif not _query_parameters(operation):
        answer = content["example"]
        yield f"```text\n{answer.strip()}\n```" if isinstance(answer, str) else f"```json\n{layout(answer)}\n```"


def _named(content: Json) -> Json:
    """The examples by name; one alone has none."""
    if "example" in content:
        return {"": content["example"]}
    return {name: example["value"] for name, example in content["examples"].items()}


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _name(schema: Json) -> str:
    """The name of the schema that is referred to."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _rows(name: str, schemas: Json, within: str = "") -> Iterator[list[str]]:
    """A row for each field of a request, and behind a list those for the fields of what it holds."""
    for key, field in schemas[name]["properties"].items():
        yield _field(within + key, field, key in schemas[name].get("required", []))
        if inner := _name(field.get("items", {})):
            yield from _rows(inner, schemas, f"{within}{key}[].")


def _field(name: str, field: Json, is_required: bool) -> list[str]:
    default = field.get("default")
    # A default that is no value, as the text's length, is told of in the description.
    shown = "required" if is_required else "" if default is None else f"`{json.dumps(default)}`"
    return [f"`{name}`", _type(field), shown, field["description"]]


def _type(field: Json) -> str:
    kind = field.get("anyOf", [field])[0]
    if "enum" in kind:
        return "one of " + ", ".join(f"`{value}`" for value in kind["enum"])
    name = {"integer": "whole number", "array": "list"}.get(kind["type"], kind["type"])
    if "maxLength" in kind:
        return f"{name} of at most {kind['maxLength']:,} code points"
    if "minimum" in kind:
        most = kind.get("maximum")
        return f"{name}, " + (f"at least {kind['minimum']:g}" if most is None else f"{kind['minimum']:g} to {most:g}")
    return str(name)


def _bullets(name: str, schemas: Json, told: dict[str, str], heading: str, indent: str = "") -> Iterator[str]:
    """The fields of an answer, and below each one its own fields, unless they were told of before."""
    told[name] = heading
    for key, field in schemas[name]["properties"].items():
        yield f"{indent}- `{key}`: {field['description']}"
        inner = _name(field) or _name(field.get("items", {}))
        if inner and inner not in told:
            yield from _bullets(inner, schemas, told, heading, indent + "  ")


def _errors() -> str:
    """Each error: its status, when it comes, and an example."""
    kinds = sorted(ServiceError.__subclasses__(), key=lambda kind: kind.status)
    rows = [[str(kind.status), str(getdoc(kind)), f"`{kind.example(Settings()).detail}`"] for kind in kinds]
    return _table(["Status", "When", "`detail`, for example"], rows)


def _header_fields(document: Json) -> str:
    fields: dict[str, list[str]] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                for name, field in response["headers"].items():
                    fields[name] = [f"`{name}`", field["description"], f"`{field['example']}`"]
    return _table(["Field", "Meaning", "Example"], list(fields.values()))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def layout(value: Any, indent: int = 0) -> str:
    """JSON on as few lines as fit the page."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    if isinstance(value, list):
        return "[" + f",\n{' ' * (indent + 1)}".join(layout(item, indent + 1) for item in value) + "]"
    lines: list[str] = []
    for name, item in value.items():
        key = f"{json.dumps(name)}: "
        part = key + layout(item, indent + 1 + len(key))
        if lines and "\n" not in lines[-1] + part and indent + len(lines[-1] + part) + 4 <= _WIDTH:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    return "{" + f",\n{' ' * (indent + 1)}".join(lines) + "}"


def main() -> None:
    """Ask for the answers, and write the page."""
    EXAMPLES.write_text(json.dumps(answered_examples(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    PAGE.write_text(api_page(), "utf-8")


if __name__ == "__main__":
    main()
