"""Links in the README and the documentation hold. No network: addresses of other hosts are only looked at."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import app

ROOT = Path(app.__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "model" / "en" / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
]
# What code blocks and code spans hold is no link.
CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ \t]*$|(?P<ticks>`+)[^`]+?(?P=ticks)", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"!?\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(\s*<?([^()\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE
)
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
HOST = re.compile(r"https?://(\[[0-9a-f:]+\]|[\w.-]+)")
# Loopback, the address of every network, and the service itself in the configuration of a proxy.
HERE = {"127.0.0.1", "0.0.0.0", "localhost", "[::1]", "tsuzuki"}
LOCAL_NAME = re.compile(r"\d+(?:\.\d+){3}|\[.*\]|[^.]+|.*\.(?:local|internal|lan|home|corp)")
LOCAL_PATH = re.compile(r"(?<![\w.-])(?:/(?:home|root|Users|tmp)/|[A-Z]:\\|file:/)")


NAMED = re.compile(r"\[`([\w.]+)`\]\(([^)\s]+\.py)\)")


def prose(text: str) -> str:
    """A page without its code."""
    return CODE.sub(lambda match: "`" if match["ticks"] else "", text)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    without_fences = CODE.sub(lambda match: match.group() if match["ticks"] else "", text)
    for heading in HEADING.findall(without_fences):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        number = 1
        name = slug
        while name in found:
            name = f"{slug}-{number}"
            number += 1
        found.add(name)
    return found


def faults(page: Path, root: Path = ROOT) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for inline, reference in LINK.findall(prose(page.read_text("utf-8"))):
        target = inline or reference
        parts = urlsplit(target)
        if parts.scheme in ("https", "http", "mailto"):
            if parts.scheme == "http" and parts.hostname not in HERE:
                found.append(f"{target}: not https")
            continue
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            found.append(f"{target}: not relative")
            continue
        file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not file.exists() or root not in file.parents:
            found.append(f"{target}: no such file")
        elif parts.fragment and (file.suffix != ".md" or parts.fragment not in anchors(file.read_text("utf-8"))):
            found.append(f"{target}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert faults(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_host_or_folder_of_the_machine_it_was_written_on(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [host for host in HOST.findall(text) if host not in HERE and LOCAL_NAME.fullmatch(host)] == []
    assert LOCAL_PATH.findall(text) == []
    assert len(ROOT.parts) < 3 or str(ROOT) not in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_name_is_defined_in_the_file_that_it_links_to(page: Path) -> None:
    for name, path in NAMED.findall(page.read_text("utf-8")):
        code = (page.parent / path).read_text("utf-8")
        for part in name.split("."):
            assert re.search(rf"\b(?:def|class) {part}\b|^{part}\b.* = ", code, re.MULTILINE), f"{name} in {path}"


def test_every_document_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for inline, reference in LINK.findall(prose(page.read_text("utf-8"))):
            path = urlsplit(inline or reference).path
            if path.endswith(".md") and not urlsplit(inline or reference).scheme:
                waiting.append((page.parent / path).resolve())
    assert {page for page in PAGES if page.parent == ROOT / "docs"} <= reached


def test_faults_are_found(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    page = root / "page.md"
    (root / "other.md").write_text("# A `code` *b*, c!\n\n## A\n\n## A\n\n```\n# no heading\n```\n")
    good = (
        "other.md",
        "other.md#a-code-b-c",
        "other.md#a-1",
        "#here",
        "https://a.example/b",
        "http://127.0.0.1:8000/x",
    )
    bad = ("none.md", "other.md#no-heading", "#there", "/etc/hosts", "../..", "file:///a", "http://a.example", "//a/b")
    page.write_text("# Here\n" + "".join(f"- [`x` y]({target})\n" for target in good + bad) + "`[code](none2.md)`\n")
    assert [fault.split(": ")[0] for fault in faults(page, root)] == list(bad)


def test_hosts_and_folders_of_a_machine_are_seen() -> None:
    for host in ("10.0.0.7", "buildbox", "git.example.internal", "[fe80::1]"):
        assert LOCAL_NAME.fullmatch(host)
    assert not LOCAL_NAME.fullmatch("suggest.example")
    assert LOCAL_PATH.search("see /home/anna/notes") and LOCAL_PATH.search("file:///notes.md")
    assert not LOCAL_PATH.search("a tmpfs on /tmp and ./models")
