"""docker-compose.yml and Dockerfile: no engine runs here, so their structure is held instead."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = {"web", "worker", "beat", "migrate"}
ONCE = {"migrate"}


def env_example():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#?([A-Z_]+)=", text, re.M))


def test_services():
    assert set(SERVICES) == OURS | {"db", "redis"}
    assert int(re.match(r"postgres:(\d+)", SERVICES["db"]["image"])[1]) >= 15


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_everything_that_stays_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_wait_for_what_they_need(name):
    waits = SERVICES[name]["depends_on"]
    assert waits["db"] == {"condition": "service_healthy"}
    if name not in ONCE:
        assert waits["redis"] == {"condition": "service_healthy"}
        assert waits["migrate"] == {"condition": "service_completed_successfully"}


def test_migrations_run_once():
    assert SERVICES["migrate"]["restart"] == "no"
    assert "migrate" in SERVICES["migrate"]["command"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "SITE_URL", "EMAIL_URL"])
def test_what_has_no_safe_default_must_be_given(name):
    uses = re.findall(r"\$\{" + name + r"([^}]*)\}", TEXT)
    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_no_secret_stands_in_the_file():
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|TOKEN", key):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]*\}", value), key
            assert not re.search(r"://[^$@/]*:[^$@/]+@", str(value)), key


def test_every_variable_is_explained_in_env_example():
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) <= env_example()


def test_every_setting_reaches_the_programs():
    """A variable that .env.example explains and the file forgets would be ignored in silence."""
    given = set(SERVICES["web"]["environment"])
    own = {"HOST", "PORT", "POSTGRES_PASSWORD"}  # of the file itself
    fixed = {"VAR_DIR", "DEBUG"}  # the image's; never in production
    assert env_example() - own - fixed <= given


def test_volumes_are_named():
    named = set(COMPOSE["volumes"])
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert used == named


def test_only_the_web_server_is_reached_from_outside_and_by_default_from_this_machine():
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["web"]
    assert SERVICES["web"]["ports"] == ["${HOST:-127.0.0.1}:${PORT:-8000}:8000"]


def test_image_runs_as_nobody_special_and_holds_no_secret():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER cchc"]
    assert lines.index("USER cchc") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD ")
    )
    assert not [line for line in lines if re.search(r"(SECRET_KEY|PASSWORD)\s*=", line)]
    assert any("--require-hashes" in line for line in lines)
    for line in lines:
        if match := re.match(r"COPY (?!--from)(.+) \S+$", line):
            for source in match[1].split():
                assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".git", "var", ".venv", "node_modules"} <= set(ignored)


def test_health_checks_fail_where_nothing_runs(tmp_path, monkeypatch):
    import os
    import subprocess
    import sys

    env = {**os.environ, "VAR_DIR": str(tmp_path), "HEALTH_PORT": "1"}
    for name in ("web", "beat"):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "healthy.py"), name], env=env, timeout=60
        )
        assert done.returncode == 1, name
