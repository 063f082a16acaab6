"""The manifests: valid for Kubernetes, consistent among themselves, and with no more rights than are needed."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings, variable
from scripts import release
from tests.docs.test_links import ROOT

kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
if shutil.which("kubectl") is None:
    pytest.skip("kubectl is not installed", allow_module_level=True)

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.34", "1.37")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
# The secrets that are made by hand, as docs/kubernetes.md says.
SECRETS = {"tsuzuki-keys", "tsuzuki-database"}

Manifest = dict[str, Any]


@cache
def rendered(name: str) -> list[Manifest]:
    """What ``kubectl apply -k`` would send."""
    command = ["kubectl", "kustomize", str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(kind: str) -> list[Manifest]:
    return [manifest for manifest in rendered("example") if manifest["kind"] == kind]


def one(kind: str, name: str) -> Manifest:
    (found,) = (manifest for manifest in of_kind(kind) if manifest["metadata"]["name"] == name)
    return found


def pods() -> dict[str, Manifest]:
    """The pods of each deployment."""
    return {found["metadata"]["name"]: found["spec"]["template"] for found in of_kind("Deployment")}


def containers() -> Iterator[tuple[Manifest, Manifest]]:
    """Each container, with its pod."""
    for pod in pods().values():
        for container in pod["spec"]["containers"]:
            yield pod["spec"], container


def chosen(selector: dict[str, str]) -> list[Manifest]:
    """The pods with these labels."""
    return [pod for pod in pods().values() if selector.items() <= pod["metadata"]["labels"].items()]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["base", "example"])
def test_kubernetes_takes_them(name: str, version: str) -> None:
    manifests = rendered(name)
    assert len({(found["kind"], found["metadata"]["name"]) for found in manifests}) == len(manifests) >= 9
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "strategy", "rollingUpdate", "maxSurge"), [1]),
        ("HorizontalPodAutoscaler", ("spec", "minReplicas"), "two"),
        ("NetworkPolicy", ("spec", "podSelektor"), {}),
        ("Ingress", ("spec", "rules", 0, "http", "paths", 0, "pathType"), None),
    ],
)
def test_what_kubernetes_would_refuse_is_seen(kind: str, path: tuple[Any, ...], value: object) -> None:
    manifest = deepcopy(one(kind, "tsuzuki"))
    place = manifest
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_every_file_is_part_of_something() -> None:
    for folder in (FOLDER / name for name in ("base", "database", "observe", "example")):
        told = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        named = {*told.get("resources", ()), *(patch.get("path") for patch in told.get("patches", ()))}
        assert {file.name for file in folder.iterdir()} - {"kustomization.yaml"} <= named


def test_no_container_can_do_more_than_it_needs() -> None:
    assert len(list(containers())) == 4
    for pod, container in containers():
        assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"memory"}
        assert {"readinessProbe", "livenessProbe"} <= container.keys()
        assert re.fullmatch(r"[a-z./]+:v?\d+\.\d+\.\d+(-[a-z]+)?", container["image"])
        volumes = {volume["name"] for volume in pod.get("volumes", ())}
        assert {mount["name"] for mount in container.get("volumeMounts", ())} == volumes


def test_what_is_chosen_by_labels_is_there_and_every_port_has_its_name() -> None:
    for service in of_kind("Service"):
        (pod,) = chosen(service["spec"]["selector"])
        ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for policy in of_kind("NetworkPolicy"):
        (target,) = chosen(policy["spec"]["podSelector"]["matchLabels"])
        for rule in policy["spec"].get("ingress", ()):
            assert all(chosen(peer["podSelector"]["matchLabels"]) for peer in rule["from"] if "podSelector" in peer)
            assert all(named(target, port["port"]) for port in rule["ports"])
        for rule in policy["spec"].get("egress", ()):
            for peer in rule.get("to", ()):
                for pod in chosen(peer["podSelector"]["matchLabels"]) if "podSelector" in peer else ():
                    assert all(named(pod, port["port"]) for port in rule["ports"])
    (budget,) = of_kind("PodDisruptionBudget")
    assert chosen(budget["spec"]["selector"]["matchLabels"]) == [pods()["tsuzuki"]]
    for deployment in of_kind("Deployment"):
        assert chosen(deployment["spec"]["selector"]["matchLabels"]) == [deployment["spec"]["template"]]


def named(pod: Manifest, port: str) -> bool:
    """Whether a pod has a port of this name."""
    return any(each["name"] == port for container in pod["spec"]["containers"] for each in container["ports"])


def test_every_pod_has_a_policy_for_what_comes_in_and_what_goes_out() -> None:
    for pod in pods().values():
        kinds = {
            kind
            for policy in of_kind("NetworkPolicy")
            if pod in chosen(policy["spec"]["podSelector"]["matchLabels"])
            for kind in policy["spec"]["policyTypes"]
        }
        assert kinds == {"Ingress", "Egress"}


def test_what_pods_mount_and_read_is_made_here_or_by_hand() -> None:
    maps = {found["metadata"]["name"]: found["data"] for found in of_kind("ConfigMap")}
    secrets = {found["metadata"]["name"] for found in of_kind("Secret")} | SECRETS
    claims = {found["metadata"]["name"] for found in of_kind("PersistentVolumeClaim")}
    for pod, container in containers():
        files: dict[str, set[str]] = {}
        for volume in pod["volumes"]:
            sources = volume.get("projected", {}).get("sources", [volume])
            for source in sources:
                if "configMap" in source:
                    name = source["configMap"].get("name")
                    files.setdefault(volume["name"], set()).update(maps[name])
                elif "secret" in source:
                    assert source["secret"]["name"] in secrets
                elif "persistentVolumeClaim" in source:
                    assert source["persistentVolumeClaim"]["claimName"] in claims
                else:
                    assert "sizeLimit" in source["emptyDir"]
        for mount in container["volumeMounts"]:
            assert mount.get("subPath") is None or mount["subPath"] in files[mount["name"]]
        for given in container.get("env", ()):
            if "valueFrom" in given:
                assert given["valueFrom"]["secretKeyRef"]["name"] in secrets


def test_the_service_gets_settings_and_the_ports_and_probes_that_it_has() -> None:
    spec = pods()["tsuzuki"]["spec"]
    (container,) = spec["containers"]
    given = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert given.keys() <= {variable(field) for field in Settings.model_fields} | {"TSUZUKI_DATABASE"}
    assert {"TSUZUKI_DATABASE", "TSUZUKI_API_KEYS"} <= given.keys()
    redis = one("Service", "tsuzuki-redis")["spec"]["ports"][0]["port"]
    assert given["TSUZUKI_RATE_LIMIT_STORAGE"] == f"redis://tsuzuki-redis:{redis}"
    assert container["ports"] == [{"name": "http", "containerPort": Settings().port}]
    for probe, path in (("startup", "ready"), ("readiness", "ready"), ("liveness", "live")):
        assert container[f"{probe}Probe"]["httpGet"] == {"path": f"/health/{path}", "port": "http"}
    # Five seconds until the proxies know, five for what is under way (docs/operations.md).
    assert spec["terminationGracePeriodSeconds"] > 10
    assert one("Deployment", "tsuzuki")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in one("Deployment", "tsuzuki")["spec"]


def test_the_database_is_a_choice() -> None:
    names = {entry["name"] for found in rendered("base") for entry in environment(found)}
    assert "TSUZUKI_DATABASE" not in names
    assert 5432 in [
        port["port"] for rule in one("NetworkPolicy", "tsuzuki")["spec"]["egress"] for port in rule["ports"]
    ]


def environment(manifest: Manifest) -> list[Manifest]:
    """The variables of a deployment's containers."""
    spec = manifest["spec"].get("template", {}).get("spec", {}) if manifest["kind"] == "Deployment" else {}
    return [entry for container in spec.get("containers", ()) for entry in container.get("env", ())]


def test_redis_and_the_pictures_are_those_of_the_compose_file() -> None:
    (container,) = pods()["tsuzuki-redis"]["spec"]["containers"]
    assert ["redis-server", *container["args"]] == COMPOSE["redis"]["command"]
    images = {container["image"] for _, container in containers()} - {f"registry.example/tsuzuki:{release.version()}"}
    assert images <= {service["image"] for service in COMPOSE.values()}


def test_the_ingress_says_what_the_proxy_of_the_compose_file_says() -> None:
    nginx = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    prefix = "nginx.ingress.kubernetes.io/"
    annotations = one("Ingress", "tsuzuki")["metadata"]["annotations"]
    given = {name.removeprefix(prefix): value for name, value in annotations.items()}
    assert f"proxy_next_upstream {given['proxy-next-upstream']};" in nginx
    assert f"proxy_next_upstream_tries {given['proxy-next-upstream-tries']};" in nginx
    assert f"client_max_body_size {given['proxy-body-size']};" in nginx
    assert f"proxy_connect_timeout {given['proxy-connect-timeout']}s;" in nginx
    assert f"proxy_read_timeout {given['proxy-read-timeout']}s;" in nginx
    assert f"hash {given['upstream-hash-by']} " in nginx


def test_the_version_is_that_of_the_project() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    example = yaml.safe_load(Path(FOLDER / "example" / "kustomization.yaml").read_text("utf-8"))
    assert version and example["images"][0]["newTag"] == version[1]
