"""No container engine is at hand while developing, so the images are checked as text.

Every service of the compose file has an image that holds what it needs and nothing
else, gets the settings it needs and only those, and no file holds a secret.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.hub import catalogue, provision
from services.shared import settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE_FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
OURS = {
    name: service for name, service in COMPOSE["services"].items() if "build" in service
}
RUNNING = {name: each for name, each in OURS.items() if name != "migrate"}
SECRETS = {row.name for row in settings.TABLE if row.is_secret}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
DOCKER = shutil.which("docker")
COMPOSE_FILES = sorted([COMPOSE_FILE, *(DEPLOY / "compose").glob("*.yml")])
MANIFESTS = sorted((DEPLOY / "k8s").glob("*.yaml"))
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck",
    "hostname", "image", "init", "networks", "ports", "read_only", "restart",
    "security_opt", "shm_size", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
# Given by whoever runs the hub; without the colon it may be given as empty.
WHOLE_REFERENCE = re.compile(r"\$\{[A-Z_]+:?\?[^}]+\}")


def stages() -> dict[str, str]:
    """The Dockerfile's text by stage."""
    parts = re.split(r"^FROM .+? AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def parents() -> dict[str, str]:
    """What each stage is built on."""
    found = re.findall(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return {stage: parent for parent, stage in found}


def settings_named(name: str) -> str:
    """The row of the settings' table that a variable belongs to."""
    return re.sub(r"^[A-Z]+_DATABASE_URL$", settings.SERVICE_URL, name)


def documents() -> list[tuple[str, dict[str, Any]]]:
    """Every Kubernetes object with the file that holds it."""
    return [
        (path.name, document)
        for path in MANIFESTS
        for document in yaml.safe_load_all(path.read_text())
    ]


# --- Images ---------------------------------------------------------------------------


def test_every_service_has_an_image_and_runs_in_compose() -> None:
    assert set(catalogue.names()) == set(RUNNING)
    assert set(catalogue.names()) <= set(stages())


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_image_in_compose_has_a_target(name: str) -> None:
    build = OURS[name]["build"]
    assert build["dockerfile"] == "deploy/Dockerfile"
    assert build["target"] in stages()


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_an_image_holds_shared_and_its_own_service_only(name: str) -> None:
    assert parents()[name] == "base"
    copied = re.findall(r"^COPY (?!--from)(.+)$", stages()[name], flags=re.MULTILINE)
    assert copied == [f"services/{name} ./services/{name}"]
    base = re.findall(r"^COPY (?!--from)(.+)$", stages()["base"], flags=re.MULTILINE)
    assert base == [
        "deploy/probe.py ./probe.py",
        "services/__init__.py ./services/__init__.py",
        "services/shared ./services/shared",
    ]


def test_every_path_that_is_copied_exists_and_reaches_the_builder() -> None:
    paths = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, flags=re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    assert ignored[0] == "*"
    for path in paths:
        assert (ROOT / path).exists(), path
        assert any(path == each or path.startswith(f"{each}/") for each in let_in), path


def test_no_image_runs_as_root() -> None:
    assert re.search(r"^USER 10001:10001$", stages()["base"], flags=re.MULTILINE)
    for name in OURS:
        assert "USER" not in stages()[OURS[name]["build"]["target"]]


def test_packages_are_installed_by_hash_only() -> None:
    assert "--require-hashes" in stages()["packages"]
    installs = re.findall(r"pip install", DOCKERFILE)
    assert len(installs) == 1


# --- Settings -------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_in_compose_is_one_that_exists(name: str) -> None:
    known = {row.name for row in settings.TABLE}
    named = {settings_named(variable) for variable in OURS[name]["environment"]}
    assert named <= known


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_without_a_default_is_given(name: str) -> None:
    needed = {row.name for row in settings.TABLE if row.default is None}
    assert needed <= set(OURS[name]["environment"])


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_service_gets_its_own_database_and_no_other(name: str) -> None:
    urls = {
        variable
        for variable in RUNNING[name]["environment"]
        if variable.endswith("DATABASE_URL")
    }
    has_one = name in provision.with_database()
    assert urls == ({f"{name.upper()}_DATABASE_URL"} if has_one else set())
    for variable in urls:
        value = RUNNING[name]["environment"][variable]
        role = f"koperasi_{name}"
        assert value.startswith(f"postgresql://{role}:")
        assert value.endswith(f"/{role}")


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_service_is_reached_over_the_broker_and_probed(name: str) -> None:
    service = RUNNING[name]
    assert service["environment"]["AMQP_URI"].startswith("amqp://")
    assert service["environment"]["HUB_METRICS_ADDRESS"].endswith(":9100")
    assert service["healthcheck"]["test"] == ["CMD", "python", "probe.py"]
    assert service["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_only_the_migration_holds_the_administrators_connection() -> None:
    holders = [name for name in OURS if "DATABASE_URL" in OURS[name]["environment"]]
    assert holders == ["migrate"]
    given = OURS["migrate"]["environment"]
    for service in provision.with_database():
        own = RUNNING[service]["environment"]
        variable = f"{service.upper()}_DATABASE_URL"
        assert given[variable] == own[variable]


# --- Secrets --------------------------------------------------------------------------


def test_every_secret_in_compose_comes_from_outside() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            is_secret = (
                settings_named(variable) in SECRETS
                or "PASS" in variable
                or "SECRET" in variable
            )
            if is_secret:
                assert WHOLE_REFERENCE.search(value), f"{name}: {variable}"


def test_no_secret_has_a_default_anywhere_in_deploy() -> None:
    # A reference with a fallback, or a password written into a connection.
    fallback = re.compile(r"\$\{\w*(SECRET|PASSWORD|KEY)\w*:?-")
    written = re.compile(r"\w+://[^\s:/@]+:(?!\$\{)[^\s@/]+@")
    for path in (*COMPOSE_FILES, *DEPLOY.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_text()
            assert not fallback.search(text), path
            assert not written.search(text), path


def new_env() -> str:
    """What the script prints for a new .env."""
    script = ["/bin/sh", str(DEPLOY / "compose" / "new-env.sh")]
    made = subprocess.run(script, capture_output=True, text=True, check=True)
    return made.stdout


def test_the_script_for_env_gives_every_variable_that_compose_asks_for() -> None:
    made = [new_env(), new_env()]
    values = [
        dict(line.split("=", 1) for line in text.splitlines() if line[:1].isalpha())
        for text in made
    ]
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE_FILE.read_text()))
    assert wanted <= set(values[0])
    for name in wanted - {"HUB_OPERATOR_CLIENT_ID"}:
        assert re.fullmatch(r"[0-9a-f]{64}", values[0][name]), name
        assert values[0][name] != values[1][name]
    environ = {name: values[0][name] for name in values[0] if name.startswith("HUB_")}
    environ.pop("HUB_PUBLISH")
    settings.load(environ)


# --- Form -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_a_compose_file_has_the_form_of_one(path: Path) -> None:
    file = yaml.safe_load(path.read_text())
    top = {key for key in file if not key.startswith("x-")}
    assert top <= {"name", "services", "networks", "volumes"}
    for name, service in file["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        assert "image" in service or "build" in service, name
        assert "healthcheck" in service or name == "migrate", name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = set(file.get("volumes") or {}) | set(COMPOSE["volumes"])
            assert source in known or (ROOT / source).exists(), volume
        for network in service.get("networks", []):
            assert network in COMPOSE["networks"], name


def test_every_service_waits_for_services_that_exist() -> None:
    for name, service in COMPOSE["services"].items():
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in COMPOSE["services"], name
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in COMPOSE["services"][needed], needed


def test_data_live_in_named_volumes() -> None:
    for name, volume in (
        ("postgres", "postgres-data"),
        ("rabbitmq", "rabbitmq-data"),
    ):
        mounted = {each.split(":")[0] for each in COMPOSE["services"][name]["volumes"]}
        assert volume in mounted
        assert volume in COMPOSE["volumes"]


def has_compose() -> bool:
    """Whether docker's compose plugin can be asked."""
    if DOCKER is None:
        return False
    asked = subprocess.run(
        [DOCKER, "compose", "version"], capture_output=True, check=False
    )
    return asked.returncode == 0


@pytest.mark.skipif(not has_compose(), reason="docker's compose plugin is missing")
@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_itself_accepts_the_file(path: Path, tmp_path: Path) -> None:
    environ = tmp_path / ".env"
    environ.write_text(new_env())
    first = [COMPOSE_FILE] if path.name == "observability.yml" else []
    files = [part for each in (*first, path) for part in ("-f", str(each))]
    where = ["--project-directory", str(ROOT), "--env-file", str(environ)]
    checked = subprocess.run(
        [str(DOCKER), "compose", *where, *files, "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


# --- Kubernetes -----------------------------------------------------------------------


def deployments() -> dict[str, dict[str, Any]]:
    return {
        document["metadata"]["name"]: document
        for _, document in documents()
        if document["kind"] == "Deployment"
    }


def test_every_manifest_is_part_of_the_kustomization() -> None:
    listed = yaml.safe_load((DEPLOY / "k8s" / "kustomization.yaml").read_text())
    apart = {"kustomization.yaml", "migrate-job.yaml"}
    assert set(listed["resources"]) == {path.name for path in MANIFESTS} - apart


def test_every_service_has_a_deployment_with_its_own_database() -> None:
    assert set(deployments()) == set(catalogue.names())
    for name, deployment in deployments().items():
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        assert container["image"] == f"koperasi-hub/{name}"
        urls = {
            each["name"]
            for each in container["env"]
            if each["name"].endswith("DATABASE_URL")
        }
        has_one = name in provision.with_database()
        assert urls == ({f"{name.upper()}_DATABASE_URL"} if has_one else set())


def test_no_pod_may_become_root() -> None:
    for name, document in documents():
        if document["kind"] not in {"Deployment", "Job"}:
            continue
        pod = document["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_no_manifest_holds_a_secret() -> None:
    for name, document in documents():
        assert document["kind"] != "Secret", name
        if document["kind"] == "ConfigMap":
            assert not set(document["data"]) & SECRETS
            assert set(document["data"]) <= {row.name for row in settings.TABLE}


def test_what_scales_exists_and_reads_queues_that_exist() -> None:
    queues = set()
    for _, document in documents():
        if document["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}:
            assert document["spec"]["scaleTargetRef"]["name"] in deployments()
        if document["kind"] == "ScaledObject":
            queues |= {
                trigger["metadata"]["queueName"]
                for trigger in document["spec"]["triggers"]
                if trigger["type"] == "rabbitmq"
            }
    topology = pytest.importorskip("services.shared.messaging.topology").Topology()
    for queue in queues:
        service, _, method = queue.removeprefix("rpc-").partition(".")
        declared = (
            topology.batch_queue(service, method)
            if method
            else topology.rpc_queue(service)
        )
        assert declared.name == queue
