"""What Prometheus and Grafana are given: rules and panels that ask for metrics and labels that the service has."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.metrics.prometheus import Metrics
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.metrics.test_metrics import parsed
from tests.docs.test_links import ROOT

FOLDER = ROOT / "deploy" / "observe"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
CONFIGURATION = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
NAME = r"(?<![\w\"./])(?:tsuzuki|process|up)\w*(?![\w\"]|\s*=)"
# Prometheus makes `up` itself, and these labels of every target.
OF_PROMETHEUS = {"up": {"job", "instance"}}
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def queries() -> Iterator[str]:
    """All that rules and panels ask for."""
    yield from (rule["expr"] for group in RULES for rule in group["rules"])
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])


@pytest.fixture(scope="module")
def app(tiny_folder: Path, tiny_model: LanguageModel) -> FastAPI:
    return create_app(Settings(models={"tiny": tiny_folder}), {"tiny": tiny_model})


@pytest.fixture(scope="module")
def metrics(app: FastAPI) -> dict[str, set[str]]:
    """Every metric of the service with its labels, with one worker and with several."""
    with TestClient(app) as client:
        client.post("/complete", json={"text": "the dog eats a"})
        text = client.get("/metrics").text
        # The counters of a supervisor and its workers, without their processes.
        several = Metrics("1", {"/complete": ["POST"]}, Settings(workers=2), lambda: None)
        text += several.text().decode()
    found: dict[str, set[str]] = {name: set(labels) for name, labels in OF_PROMETHEUS.items()}
    for name, labels in parsed(text):
        found.setdefault(name, set()).update(label for label, _ in labels)
    return {name: labels | OF_PROMETHEUS["up"] for name, labels in found.items()}


@pytest.mark.parametrize("query", list(queries()))
def test_a_query_asks_for_metrics_and_labels_that_there_are(query: str, metrics: dict[str, set[str]]) -> None:
    used = set(re.findall(NAME, re.sub(r'"[^"]*"', '""', query)))
    assert used and used <= metrics.keys()
    known = set().union(*(metrics[name] for name in used))
    for labels in re.findall(r"\{([^}]*)\}", query):
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", labels)) <= known
    for labels in re.findall(r"\bby \(([^)]*)\)", query):
        assert set(re.findall(r"\w+", labels)) <= known


def test_a_metric_that_there_is_not_would_be_seen(metrics: dict[str, set[str]]) -> None:
    for query in ("rate(tsuzuki_request_total[5m])", "tsuzuki_wait", "sum(process_memory_bytes)"):
        assert not set(re.findall(NAME, query)) <= metrics.keys()


def test_every_metric_of_the_service_is_on_the_dashboard(metrics: dict[str, set[str]]) -> None:
    shown = set(
        re.findall(NAME, " ".join(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]))
    )
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in shown}
    own = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in metrics if name.startswith("tsuzuki_")}
    assert own <= families


def test_the_panels_have_a_place_and_a_source() -> None:
    places = [tuple(panel["gridPos"][key] for key in "xywh") for panel in DASHBOARD["panels"]]
    cells = [(x + i, y + j) for x, y, w, h in places for i in range(w) for j in range(h)]
    assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24
    source = yaml.safe_load((FOLDER / "grafana-datasource.yml").read_text("utf-8"))["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@promtool
@pytest.mark.parametrize("arguments", [("check", "rules", "rules.yml"), ("test", "rules", "rules.test.yml")])
def test_promtool_takes_the_rules_and_each_alarm_rings_when_it_should(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_takes_the_configuration_and_every_query(tmp_path: Path) -> None:
    command = ["promtool", "check", "config", "--syntax-only", "prometheus.yml"]
    assert subprocess.run(command, cwd=FOLDER, capture_output=True, check=False).returncode == 0
    rules = {"groups": [{"name": "panels", "rules": [{"record": "r", "expr": at_rest(query)} for query in queries()]}]}
    (tmp_path / "panels.yml").write_text(json.dumps(rules), "utf-8")
    command = ["promtool", "check", "rules", "--lint=none", str(tmp_path / "panels.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def at_rest(query: str) -> str:
    """The query with what Grafana puts into it."""
    return query.replace("$__rate_interval", "1m")


def test_each_alarm_is_tried() -> None:
    tried: Any = yaml.safe_load((FOLDER / "rules.test.yml").read_text("utf-8"))
    rung = {
        sample["labels"]
        for test in tried["tests"]
        for found in test["promql_expr_test"]
        for sample in found["exp_samples"]
    }
    assert rung == {f'{{alertname="{rule["alert"]}"}}' for group in RULES for rule in group["rules"]}


def test_prometheus_finds_every_process_in_compose() -> None:
    (job,) = CONFIGURATION["scrape_configs"]
    (name,) = job["dns_sd_configs"][0]["names"]
    assert job["dns_sd_configs"][0]["port"] == Settings().port
    for service in ("tsuzuki", "replica"):
        ((network, told),) = COMPOSE[service]["networks"].items()
        assert name in told["aliases"] and network in COMPOSE["prometheus"]["networks"]
    mounted = {volume.split(":")[-2] for volume in COMPOSE["prometheus"]["volumes"] if volume.endswith(":ro")}
    assert {*CONFIGURATION["rule_files"], job["authorization"]["credentials_file"]} <= mounted


def test_without_keys_an_empty_one_is_no_harm(app: FastAPI) -> None:
    key = (FOLDER / "no-key").read_text("utf-8")
    with TestClient(app) as client:
        assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
