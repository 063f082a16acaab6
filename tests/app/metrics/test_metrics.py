"""The figures for Prometheus."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.main import create_app
from app.metrics.prometheus import Metrics
from app.settings import Settings
from tests.app.conftest import MakeApp

CANARY = "Kanarienvogel"


def figures(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each sample by its name and labels; fails where the format is broken."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return parsed(response.text)


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(client: TestClient, name: str, **labels: str) -> float:
    return figures(client).get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_route_method_and_status(make_app: MakeApp) -> None:
    with TestClient(make_app()) as client:
        for _ in range(3):
            client.post("/complete", json={"text": "the app"})
        client.post("/complete", json={})
        client.get("/complete?text=a")
        client.get("/health/live")
        client.get("/static/page.css")
        found = figures(client)
    name = "tsuzuki_requests_total"
    for route, method, status, count in (
        ("/complete", "POST", "200", 3),
        ("/complete", "POST", "422", 1),
        ("/complete", "GET", "200", 1),
        ("/health/live", "GET", "200", 1),
        ("/static/{name:path}", "GET", "200", 1),
    ):
        labels = frozenset({"route": route, "method": method, "status": status}.items())
        assert found[name, labels] == count
    assert found["tsuzuki_request_duration_seconds_count", frozenset({("route", "/complete")})] == 5


def test_what_callers_make_up_never_becomes_a_label(make_app: MakeApp) -> None:
    with TestClient(make_app()) as client:
        before = len(figures(client))
        for i in range(5):
            client.get(f"/{CANARY}{i}")
            client.get(f"/complete/{CANARY}{i}?text={CANARY}")
            client.request(f"{CANARY}{i}", "/complete")
            client.request(f"{CANARY}{i}", f"/{CANARY}")
            client.get(f"/static/{CANARY}{i}")
            client.get(f"/complete?text={CANARY}&model={CANARY}{i}")
        assert CANARY.lower() not in client.get("/metrics").text.lower()
        assert value(client, "tsuzuki_requests_total", route="none", method="GET", status="404") == 10
        assert value(client, "tsuzuki_requests_total", route="/complete", method="other", status="405") == 5
        once = len(figures(client))
        client.get(f"/{CANARY}")
        assert len(figures(client)) == once
        assert once - before < 150
        assert "_created" not in client.get("/metrics").text


def test_refused_requests_are_seen_by_status(make_app: MakeApp) -> None:
    with TestClient(make_app(max_text_length=10)) as client:
        client.post("/complete", content=b"a" * 10_000, headers={"Content-Type": "application/json"})
        assert value(client, "tsuzuki_requests_total", route="/complete", method="POST", status="413") == 1


def test_the_engines_tell_of_their_batches_and_caches(make_app: MakeApp) -> None:
    with TestClient(make_app()) as client:

        def of_tiny(name: str, **labels: str) -> float:
            return value(client, name, model="tiny", **labels)

        hits, misses = of_tiny("tsuzuki_state_cache_hits_total"), of_tiny("tsuzuki_state_cache_misses_total")
        tokens, batches = of_tiny("tsuzuki_batch_size_sum"), of_tiny("tsuzuki_batch_size_count")
        client.get("/complete?text=the dog eats a")
        assert of_tiny("tsuzuki_state_cache_misses_total") == misses + 1
        assert of_tiny("tsuzuki_batch_size_sum") == tokens + 3, "three words; the start is known"
        client.get("/complete?text=the dog eats ap")
        client.get("/complete?text=the dog eats app")
        assert of_tiny("tsuzuki_state_cache_hits_total") == hits + 2
        assert of_tiny("tsuzuki_state_cache_misses_total") == misses + 1
        assert of_tiny("tsuzuki_batch_size_count") == batches + 3
        assert of_tiny("tsuzuki_batch_size_bucket", le="1.0") == batches + 3
        assert of_tiny("tsuzuki_batch_size_bucket", le="+Inf") == batches + 3
        assert of_tiny("tsuzuki_state_cache_bytes") > 0
        assert of_tiny("tsuzuki_waiting_requests") == of_tiny("tsuzuki_queued_requests") == 0


def test_the_models_are_told_of(client: TestClient) -> None:
    model = client.get("/models").json()["models"][1]
    labels = {"model": "other", "cell": "lstm", "vocabulary": str(model["vocabulary"]), "version": model["version"]}
    assert value(client, "tsuzuki_model_info", **labels) == 1
    assert value(client, "tsuzuki_models_loaded_timestamp_seconds") > 0
    assert any(name == "tsuzuki_build_info" for name, _ in figures(client))


def test_each_app_counts_for_itself(make_app: MakeApp) -> None:
    with TestClient(make_app()) as one, TestClient(make_app()) as other:
        one.get("/models")
        labels = {"route": "/models", "method": "GET", "status": "200"}
        assert value(one, "tsuzuki_requests_total", **labels) == 1
        assert value(other, "tsuzuki_requests_total", **labels) == 0


def test_several_processes_count_together(make_app: MakeApp) -> None:
    def of(app: FastAPI, name: str, **labels: str) -> float:
        return parsed(app.state.metrics.text().decode()).get((name, frozenset(labels.items())), 0.0)

    app = make_app(workers=2)
    metrics: Metrics = app.state.metrics
    scope = {"type": "http", "method": "GET", "path": "/models"}
    labels = {"route": "/models", "method": "GET", "status": "200"}
    for row, times in ((1, 3), (2, 4), (1, 5)):
        metrics.enter(row)
        metrics.set_ready()
        for _ in range(times):
            metrics.count(scope, 200, 0.003)
        metrics.statistics("tiny").batches[2] += times
    assert of(app, "tsuzuki_requests_total", **labels) == 12
    assert of(app, "tsuzuki_request_duration_seconds_bucket", route="/models", le="0.0025") == 0
    assert of(app, "tsuzuki_request_duration_seconds_bucket", route="/models", le="0.005") == 12
    assert of(app, "tsuzuki_request_duration_seconds_sum", route="/models") == pytest.approx(0.036)
    assert of(app, "tsuzuki_workers") == 2
    metrics.leave(2)
    assert of(app, "tsuzuki_requests_total", **labels) == 12, "what was counted stays"
    assert of(app, "tsuzuki_workers") == 1
    # Another app, with new models, goes on in the same memory.
    later = create_app(Settings(models=dict.fromkeys(("tiny", "other"), Path())), {}, metrics.counters)
    later.state.metrics.enter(3)
    later.state.metrics.count(scope, 200, 0.003)
    assert of(later, "tsuzuki_requests_total", **labels) == 13


@pytest.mark.parametrize("path", ["/metrics", "/health/live"])
def test_before_the_start_there_are_figures_too(make_app: MakeApp, path: str) -> None:
    client = TestClient(make_app())
    assert client.get(path).status_code == 200
    assert value(client, "tsuzuki_state_cache_hits_total", model="tiny") == 0


def test_people_are_counted(make_app: MakeApp, tmp_path: Path) -> None:
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db")) as client:
        assert value(client, "tsuzuki_people") == value(client, "tsuzuki_people_rows") == 0
        for user in ("a", "b"):
            client.post("/learn", json={"user": user, "text": f"the dog eats {CANARY}"})
        assert value(client, "tsuzuki_people_bytes") > 1000
        service: Any = client.app.state.service  # type: ignore[attr-defined]
        people = service.people.people
        assert client.portal is not None
        people.totals = client.portal.call(people._database.run, people.store.tidy, 10**9)
        assert value(client, "tsuzuki_people") == 2
        assert value(client, "tsuzuki_people_rows") == 2 * (5 + 4 + 3)
