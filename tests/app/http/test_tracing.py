"""Traces: a collector gets a span of each request, and no span holds anything that was typed."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.main import create_app
from app.settings import Settings, SettingsError
from tests.app.conftest import MakeApp
from tests.app.counting import counting

CANARY = "Kanarienvogel"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """What has come to the collector: the bytes, and the spans in them."""

    def __init__(self) -> None:
        self.address, self.bodies = "", list[bytes]()

    @property
    def spans(self) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for request in requests for found in request.resource_spans for scope in found.scope_spans]
        return sorted((span for scope in scopes for span in scope.spans), key=lambda span: span.start_time_unix_nano)


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        collector.address = f"http://127.0.0.1:{server.server_port}"
        yield collector
        server.shutdown()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    """The attributes of a span, as strings and numbers."""
    kinds = {attribute.key: attribute.value for attribute in span.attributes}
    return {key: getattr(value, value.WhichOneof("value")) for key, value in kinds.items()}


def test_a_request_is_a_span_of_the_callers_trace(make_app: MakeApp) -> None:
    with collecting() as collector:
        with TestClient(make_app(traces=collector.address)) as client:
            headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-ID": "abc"}
            client.post("/v1/complete", json={"text": "the app"}, headers=headers)
            client.get("/complete?text=a&limit=0")
            client.get("/nothing-here")
        first, second, third = collector.spans
    assert (first.name, second.name, third.name) == ("POST /complete", "GET /complete", "GET")
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == (TRACE, SPAN)
    assert attributes(first) == {
        "http.request.method": "POST",
        "http.route": "/complete",
        "http.response.status_code": 200,
        "request.id": "abc",
    }
    assert second.trace_id.hex() != TRACE and not second.parent_span_id
    assert [attributes(span)["http.response.status_code"] for span in (second, third)] == [422, 404]
    assert first.end_time_unix_nano > first.start_time_unix_nano > 0


def test_no_span_holds_what_was_typed(make_app: MakeApp, tiny_model: Any) -> None:
    model, network = counting(tiny_model)
    with collecting() as collector:
        with TestClient(make_app(model, traces=collector.address)) as client:
            paths = ["/complete", "/next-word", "/correct", "/v1/complete", f"/{CANARY}", f"/users/{CANARY}"]
            for path in paths:
                client.get(path, params={"text": f"{CANARY} a", CANARY: "b"})
                client.post(path, json={"text": f"{CANARY} a", "model": CANARY})
                client.post(path, json={"text": f"{CANARY} a"})
                client.request(CANARY.upper(), path)
                told = {"tracestate": f"a={CANARY}", "baggage": f"a={CANARY}", "traceparent": CANARY, "Cookie": CANARY}
                client.post(path, content=CANARY, headers=told | {"traceparent": f"00-{TRACE}-{SPAN}-01"})
                client.post(path, content=CANARY, headers=told)
            network.error = ZeroDivisionError(CANARY)
            for path in paths[:2]:
                assert client.post(path, json={"text": f"the {CANARY} eats a"}).status_code == 500
        assert len(collector.spans) == 6 * len(paths) + 2
        failed = collector.spans[-1]
    assert failed.status.code == 2 and not failed.status.message and not failed.events
    for body in collector.bodies:
        assert CANARY.lower().encode() not in body.lower()


def test_without_the_setting_there_is_no_trace_of_traces() -> None:
    program = "import sys, app.main; app.main.create_app(); sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_collector_that_is_gone_holds_up_nothing(make_app: MakeApp) -> None:
    with collecting() as collector:
        pass
    with TestClient(make_app(traces=collector.address)) as client:
        assert client.get("/complete?text=a").status_code == 200


def test_without_the_packages_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.http.tracing", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"^TSUZUKI_TRACES: .*: install the extra tsuzuki\[traces\]$"):
        create_app(Settings(traces="http://127.0.0.1:4318"), {})
