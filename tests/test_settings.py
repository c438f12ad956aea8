"""Settings fail shut: each start below is a process of its own with the environment named."""

import ast
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "cchc_tracker" / "settings.py"
FULL = {
    "DATABASE_URL": "postgres://cchc:p%40ss@127.0.0.1:1/cchc",
    "SECRET_KEY": "k8Zq" * 4 + "0123456789abcdefGHIJKLMNOPqrstuvwxyz-_+=",
    "SITE_URL": "https://cchc.example.vn",
    "EMAIL_URL": "smtp+tls://user:pass@127.0.0.1:587",
    "DEFAULT_FROM_EMAIL": "CCHC <cchc@example.vn>",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
}


def start(tmp_path, code, **settings):
    """Run ``code`` with the product's settings as ``s``, in a process that has ``settings`` and nothing else."""
    env = {
        "PATH": os.environ["PATH"],
        "CCHC_IGNORE_DOTENV": "1",
        "VAR_DIR": str(tmp_path / "var"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        **settings,
    }
    return subprocess.run(
        [sys.executable, "-c", f"import cchc_tracker.settings as s\n{code}"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def value(tmp_path, expression, **settings):
    done = start(tmp_path, f"print(repr({expression}))", **settings)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


def refusal(tmp_path, **settings):
    done = start(tmp_path, "", **settings)
    assert done.returncode != 0, "started"
    assert "ImproperlyConfigured" in done.stderr
    return done.stderr.splitlines()[-1]


def test_without_anything_it_runs_embedded_and_safe(tmp_path):
    assert value(tmp_path, "(s.EMBEDDED, s.DEBUG)") == (True, False)
    assert value(tmp_path, "s.SITE_URL") == "http://127.0.0.1:8000"
    assert "filebased" in value(tmp_path, "s.EMAIL_BACKEND")
    assert value(tmp_path, "s.CELERY_BROKER_URL") == "filesystem://"


def test_embedded_secret_is_made_once_and_read_by_its_owner_only(tmp_path):
    first = value(tmp_path, "s.SECRET_KEY")
    assert len(first) >= 64
    assert value(tmp_path, "s.SECRET_KEY") == first
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    (tmp_path / "var" / "secret_key").write_text("")
    assert "secret_key" in refusal(tmp_path)


@pytest.mark.parametrize("name", [name for name in FULL if name != "DATABASE_URL"])
@pytest.mark.parametrize("empty", [False, True])
def test_with_a_database_nothing_that_matters_has_a_default(tmp_path, name, empty):
    given = {**FULL, name: " "} if empty else {key: FULL[key] for key in FULL if key != name}
    assert f"Thiếu biến môi trường {name} " in refusal(tmp_path, **given)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("DEBUG", "vâng"),
        ("PROXY_COUNT", "một"),
        ("PROXY_COUNT", "-1"),
        ("SESSION_HOURS", "12h"),
        ("MAX_UPLOAD_MB", "20MB"),
        ("HSTS_SECONDS", "1.5"),
        ("DATABASE_POOL_SIZE", "ten"),
        ("SITE_URL", "cchc.example.vn"),
        ("SITE_URL", "ftp://cchc.example.vn"),
        ("DATABASE_URL", "mysql://a:b@c/d"),
        ("DATABASE_URL", "nonsense"),
        ("EMAIL_URL", "post://x"),
        ("SECRET_KEY", "changeme"),
    ],
)
def test_bad_value_stops_with_the_name_of_the_variable(tmp_path, name, bad):
    assert f"Biến môi trường {name}" in refusal(tmp_path, **{**FULL, name: bad})


@pytest.mark.parametrize(
    ("text", "debug"), [("1", True), ("True", True), ("0", False), ("off", False)]
)
def test_booleans(tmp_path, text, debug):
    assert value(tmp_path, "s.DEBUG", DEBUG=text) is debug


def test_unwritable_data_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    where = str(tmp_path / "file" / "var")
    assert where in refusal(tmp_path, VAR_DIR=where)


def test_command_line_says_one_line_instead_of_a_trace(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"],
        env={
            "PATH": os.environ["PATH"],
            "CCHC_IGNORE_DOTENV": "1",
            "DATABASE_URL": FULL["DATABASE_URL"],
            "VAR_DIR": str(tmp_path),
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "LỖI cấu hình: Thiếu biến môi trường SECRET_KEY (xem .env.example)."
    )


def test_https_turns_on_everything_that_needs_it(tmp_path):
    expression = (
        "(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, "
        "s.SECURE_HSTS_SECONDS > 0, s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)"
    )
    assert value(tmp_path, expression, **FULL) == (
        True,
        True,
        True,
        True,
        ["cchc.example.vn"],
        ["https://cchc.example.vn"],
    )
    plain = {**FULL, "SITE_URL": "http://cchc.example.vn:8080/"}
    assert value(tmp_path, "(s.SITE_URL, s.SECURE_SSL_REDIRECT)", **plain) == (
        "http://cchc.example.vn:8080",
        False,
    )


def test_headers_of_proxies_are_believed_only_when_told(tmp_path):
    asked = "(s.AXES_IPWARE_PROXY_COUNT, hasattr(s, 'SECURE_PROXY_SSL_HEADER'))"
    assert value(tmp_path, asked, **FULL) == (None, False)
    assert value(tmp_path, asked, **FULL, PROXY_COUNT="1") == (1, True)


def test_database_address_with_an_encoded_password(tmp_path):
    assert value(tmp_path, "s.DATABASES['default']['PASSWORD']", **FULL) == "p@ss"
    assert value(tmp_path, "s.DATABASES['default']['OPTIONS']['pool']['max_size']", **FULL) == 10


def test_check_deploy_is_clean(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "CCHC_IGNORE_DOTENV": "1",
            **FULL,
            "DATABASE_URL": f"sqlite:///{tmp_path}/check.sqlite3",
            "VAR_DIR": str(tmp_path),
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db(transaction=True)
def test_sqlite_waits_for_its_turn():
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (1,)
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20000,)
    assert connection.transaction_mode == "IMMEDIATE"


# -- .env.example ---------------------------------------------------------------------------------

# Read by tools/local.py and docker-compose.yml, not by the settings.
ELSEWHERE = {"HOST", "PORT", "POSTGRES_PASSWORD"}
# A switch for tests and tools, not for an installation.
INTERNAL = {"CCHC_IGNORE_DOTENV"}


def names_read():
    """Every variable that the settings ask for, by read(kind, name, …) or os.environ.get(name)."""
    found = set()
    for node in ast.walk(ast.parse(SETTINGS.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        position = {"read": 1, "os.environ.get": 0}.get(call)
        if position is not None and isinstance(node.args[position], ast.Constant):
            found.add(node.args[position].value)
    return found - INTERNAL


def names_documented():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return {match[1] for match in re.finditer(r"^#?([A-Z_]+)=", text, re.M)}


def test_env_example_names_every_variable_and_no_other():
    read = names_read()
    assert {"SECRET_KEY", "DATABASE_URL", "PROXY_COUNT", "EMAIL_URL"} <= read
    assert names_documented() == read | ELSEWHERE


def test_env_example_tells_each_ones_meaning_and_holds_no_secret():
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?(SECRET_KEY|POSTGRES_PASSWORD|DATABASE_URL|EMAIL_URL)=", line):
            assert line.endswith("="), line
        if re.match(r"#[A-Z_]+=", line):
            above = lines[number - 1]
            assert re.match(r"# |#[A-Z_]+=", above), f"{line} has no comment above it"
