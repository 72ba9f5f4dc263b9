#!/usr/bin/env python3
"""What of deploy/ can be checked without an engine: every YAML file can be read; compose.yaml names only files that are
there; the Helm chart passes Helm's own lint, and what Helm's own code renders of it is held to Kubernetes' schemas.

It is run by hand when deploy/ changes, in an environment of its own, since what it needs takes 350 MB:

    python3 -m venv /tmp/check && /tmp/check/bin/pip install --requirement tests/tools/check_deploy.txt
    /tmp/check/bin/python tests/tools/check_deploy.py
"""

import pathlib

import kubernetes_validate
import yaml
from helm_python.chart import Chart, lint

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "xiezhi"
KUBERNETES = "1.30"
IDENTITY = {"issuer": "https://id.example/realms/gov", "audience": "xiezhi", "keys": "https://id.example/keys"}
# Kinds of others' schemas.
FOREIGN = {"ScaledObject", "PodMonitor"}
VALUES = {
    "as they are": {},
    "everything": {
        "site": {"identity": IDENTITY, "listen": {"api": "0.0.0.0:8080"}},
        "api": {"enabled": True},
        "podMonitor": {"enabled": True},
        "detectors": {"autoscaling": {"enabled": True}},
    },
}


def every_file_can_be_read() -> int:
    files = [p for p in DEPLOY.rglob("*") if p.suffix in {".yaml", ".yml"} and "templates" not in p.parts]
    for path in files:
        list(yaml.safe_load_all(path.read_text()))
    return len(files)


def compose_names_files_that_are_there() -> None:
    folder = DEPLOY / "compose"
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (folder / source).exists(), f"compose.yaml, {name}: {source} is missing"
            elif not source.startswith("$"):
                assert source in compose["volumes"], f"compose.yaml, {name}: volume {source} is not declared"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"compose.yaml, {name}: {port} is open to others"
    build = compose["services"]["xiezhi"]["build"]
    assert (folder / build["context"] / build["dockerfile"]).exists()


def chart() -> int:
    count = 0
    for name, values in VALUES.items():
        report = lint(CHART, values, strict=True)
        complaints = [m for m in report["messages"] if m["severity"] > 1]
        assert not complaints and not report["errors"], f"helm lint, {name}: {report}"
        rendered = Chart.load(CHART).render(values, name="x", namespace="xiezhi")
        for path, text in rendered.items():
            for resource in filter(None, yaml.safe_load_all(text)):
                count += 1
                if resource["kind"] not in FOREIGN:
                    kubernetes_validate.validate(resource, KUBERNETES, strict=True)
                if resource["kind"] == "ConfigMap":
                    site = yaml.safe_load(resource["data"]["site.yaml"])
                    assert {"instance", "roles"}.isdisjoint(site), "the chart itself adds these"
    return count


def main() -> None:
    files = every_file_can_be_read()
    compose_names_files_that_are_there()
    print(f"{files} files read, {chart()} resources rendered and valid")


main()
