"""The container: what the Dockerfile, the compose file and the proxy's configuration promise, and that it is so."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import PREFIX, Settings, read_settings, variable
from scripts.container import checks as container
from scripts.container import engine
from scripts.nginx import CONFIGURATION, nginx
from scripts.nginx import missing as nginx_missing

ROOT = engine.ROOT
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
STAGES = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)
NGINX = CONFIGURATION.read_text("utf-8")
OWN = [name for name, service in SERVICES.items() if "build" in service]
OTHERS = [name for name in SERVICES if name not in OWN]
LASTING = [name for name in SERVICES if name != "train"]


def environment(service: dict[str, Any]) -> dict[str, str | None]:
    """The variables of a service; those without a value are handed on."""
    given = service.get("environment", {})
    return given if isinstance(given, dict) else dict.fromkeys(given)


def test_a_plain_start_is_one_service_on_port_8000_of_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["tsuzuki"]
    assert SERVICES["tsuzuki"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "${MODELS:-models}:/models:ro" in SERVICES["tsuzuki"]["volumes"]


def test_the_profiles_are_those_of_the_documentation() -> None:
    members: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", ()):
            members.setdefault(profile, set()).add(name)
    assert members == {
        "train": {"train"},
        "scale": {"proxy", "replica", "redis"},
        "observe": {"prometheus", "grafana"},
    }
    assert SERVICES["replica"]["deploy"]["replicas"] > 1
    assert "${MODELS:-models}:/models" in SERVICES["train"]["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_cannot_write_or_become_more_than_it_is(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_is_limited_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    # Docker refuses more than the machine has.
    assert 0 < service["cpus"] <= 1
    assert service["restart"] == "unless-stopped"
    assert {"interval", "timeout"} <= set(service["healthcheck"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("networks", ())) <= {"default", *COMPOSE["networks"]}
    for other, needs in service.get("depends_on", {}).items():
        assert SERVICES[other]["profiles"] == service["profiles"]
        assert needs == {"condition": "service_healthy"}
    for volume in service.get("volumes", ()):
        source = volume.split(":/")[0]
        named = re.sub(r"\$\{\w+:-(.*)\}", r"\1", source)
        assert named in COMPOSE["volumes"] or source == "./data" or (ROOT / named).exists()


@pytest.mark.parametrize("name", OWN)
def test_a_service_is_built_from_a_stage_with_arguments_that_it_has(name: str) -> None:
    build = SERVICES[name]["build"]
    assert build["target"] in STAGES
    assert all(re.search(rf"^ARG {argument}\b", DOCKERFILE, re.MULTILINE) for argument in build["args"])


@pytest.mark.parametrize("name", OTHERS)
def test_an_image_of_others_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", OWN)
def test_variables_are_settings(name: str) -> None:
    assert set(environment(SERVICES[name])) <= {variable(field) for field in Settings.model_fields}


def test_replicas_count_in_the_redis_beside_them_and_believe_the_proxy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(SERVICES["replica"]).items():
        if value is not None:
            monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*)\}", r"\1", value))
    settings = read_settings()
    assert settings.rate_limit and settings.rate_limit_storage == "redis://redis:6379"
    # Everybody's word counts, for nobody but the proxy is there.
    assert settings.trusted_proxies == "*"
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert list(SERVICES["replica"]["networks"]) == SERVICES["redis"]["networks"] == ["inside"]
    assert not {"ports"} & (set(SERVICES["replica"]) | set(SERVICES["redis"]))


def test_the_dockerfile_is_pinned_unprivileged_and_stopped_by_signals() -> None:
    assert re.search(r"^ARG BASE_IMAGE=python:3\.\d+\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)
    assert STAGES[-1] == "serve"
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    # The exec form: no shell between the process and its signals.
    commands = re.findall(r"^(?:HEALTHCHECK [^\[\n]*)?(?:CMD|ENTRYPOINT) (.*)$", DOCKERFILE, re.MULTILINE)
    assert len(commands) == 3
    assert all(json.loads(command)[0] in ("python", "tsuzuki") for command in commands)


def test_what_the_dockerfile_copies_is_let_in() -> None:
    allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    copied = {name for line in re.findall(r"^COPY ([^-].*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()}
    assert copied == set(allowed)
    assert all((ROOT / name).exists() for name in allowed)


def test_training_packages_are_those_that_are_tested() -> None:
    pins = re.compile(r"^[a-z0-9-]+==\S+", re.MULTILINE)
    train, dev = (
        set(pins.findall((ROOT / f"requirements-{name}.lock").read_text("utf-8"))) for name in ("train", "dev")
    )
    assert train <= dev
    assert {"tqdm", "matplotlib"} <= {pin.split("==")[0] for pin in train}


def test_the_proxy_asks_the_replicas_and_takes_requests_of_every_size() -> None:
    assert re.findall(r"^\s*server (\w+):8000 max_fails=0;", NGINX, re.MULTILINE) == ["replica"]
    port = re.findall(r"listen (\d+);", NGINX)
    assert SERVICES["proxy"]["ports"] == [f"127.0.0.1:8080:{port[0]}"] and len(port) == 1
    kilobytes = re.findall(r"(?:client_max_body_size|large_client_header_buffers 4) (\d+)k;", NGINX)
    assert len(kilobytes) == 2 and all(int(size) * 1024 > Settings().max_request_bytes for size in kilobytes)


@contextmanager
def replica() -> Iterator[ThreadingHTTPServer]:
    """A server that answers with its own port and the address that it was told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.dumps([self.connection.getsockname()[1], self.headers["X-Forwarded-For"], length]).encode()
            self.rfile.read(length)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.skipif(nginx_missing() is not None, reason=str(nginx_missing()))
def test_the_proxy_keeps_a_person_at_a_process_and_tells_their_address(tmp_path: Path) -> None:
    def ask(address: str, length: int = 2) -> Any:
        request = urllib.request.Request(address, b"x" * length, {"X-Forwarded-For": "192.0.2.1"})
        return json.load(urllib.request.urlopen(request, timeout=10))

    with ExitStack() as stack:
        servers = {server.server_port: server for server in (stack.enter_context(replica()) for _ in range(2))}
        address = stack.enter_context(nginx(tmp_path, list(servers))) + "/complete"
        first, told, _ = ask(address)
        assert told == "127.0.0.1"
        largest = Settings().max_request_bytes
        assert [ask(address, largest) for _ in range(5)] == [[first, told, largest]] * 5
        servers[first].shutdown()
        servers[first].socket.close()
        assert ask(address)[0] in set(servers) - {first}


def test_only_real_settings_are_named_in_comments() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8") + NGINX + DOCKERFILE
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text)) <= {variable(field) for field in Settings.model_fields}


@pytest.mark.slow
def test_the_images_build_run_stop_and_train() -> None:
    if reason := container.missing():
        pytest.skip(reason)
    # A process of its own: it has its own way with signals.
    status = subprocess.run([sys.executable, "-m", "scripts.container"], cwd=ROOT, check=False).returncode
    if status == container.SKIPPED:
        pytest.skip("this machine runs no containers")
    assert status == 0
