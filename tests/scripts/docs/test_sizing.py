"""The table of machines is what the script computes, from figures that the documentation has."""

from scripts.docs import sizing
from tests.docs.test_links import ROOT

DOCS = ROOT / "docs"


def test_the_page_has_the_table() -> None:
    assert sizing.table() in (DOCS / "which-machine.md").read_text("utf-8")


def test_twice_the_people_need_twice_the_workers_and_no_worker_is_overloaded() -> None:
    for people in sizing.PEOPLE:
        requests, workers = (float(cell.replace(",", "")) for cell in sizing.row(people).split(" | ")[1:3])
        assert requests == people * sizing.REQUESTS_A_PERSON
        assert requests / workers <= sizing.REQUESTS_A_SECOND * sizing.USED < requests / (workers - 1)


def test_the_measured_figures_are_documented() -> None:
    performance = (DOCS / "performance.md").read_text("utf-8")
    assert f"| `/complete`, as people type | 64 | {sizing.REQUESTS_A_SECOND:,} |" in performance
    assert f"and {sizing.FURTHER_WORKER_MB} MB" in performance
    assert f"{sizing.STATES_KB} KB" in (DOCS / "operations.md").read_text("utf-8")
