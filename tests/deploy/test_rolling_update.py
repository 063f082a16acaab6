"""Services are replaced behind the proxy while people type: nothing is lost, and a fault of the proxy would be seen."""

import asyncio
from pathlib import Path

import pytest

from scripts import nginx
from scripts.rolling_update import update_under_load

pytestmark = pytest.mark.skipif(nginx.missing() is not None, reason=str(nginx.missing()))


def test_no_request_fails_while_both_services_are_replaced(tiny_folder: Path) -> None:
    outcome = asyncio.run(update_under_load(1000, f"tiny={tiny_folder}"))
    assert outcome.failed == []
    assert outcome.right >= 1000 and outcome.replaced >= 2


def test_a_proxy_that_leaves_out_what_failed_would_lose_requests(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = tmp_path / "nginx.conf"
    careless.write_text(nginx.CONFIGURATION.read_text("utf-8").replace(" max_fails=0", ""), "utf-8")
    monkeypatch.setattr(nginx, "CONFIGURATION", careless)
    outcome = asyncio.run(update_under_load(1000, f"tiny={tiny_folder}"))
    assert outcome.failed and all(failure.startswith("503: ") for failure in outcome.failed)
