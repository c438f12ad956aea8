"""Every check that needs no test: style, types, templates, migrations, settings of production.

    make lint

All of them run, whatever fails; the last line says which did.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time

import local

BIN = local.VENV / "bin"
PYTHON = str(local.PYTHON)
TEMPLATES = "templates"


def production(folder):
    """An environment like a real installation's, for ``check --deploy``."""
    return {
        "DATABASE_URL": f"sqlite:///{folder}/check.sqlite3",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SITE_URL": "https://cchc.example.vn",
        "EMAIL_URL": "smtp://localhost:25",
        "DEFAULT_FROM_EMAIL": "cchc@example.vn",
        "CELERY_BROKER_URL": "redis://localhost:6379/0",
        "VAR_DIR": folder,
        "DEBUG": "0",
    }


def checks(folder):
    manage = [PYTHON, "manage.py"]
    embedded = {"VAR_DIR": folder}
    return [
        (
            "ruff check",
            [str(BIN / "ruff"), "check", "--quiet", "--output-format", "concise", "."],
            {},
        ),
        ("ruff format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."], {}),
        ("mypy", [str(BIN / "mypy"), "--no-error-summary", "."], embedded),
        ("djlint", [str(BIN / "djlint"), "--lint", "--quiet", TEMPLATES], {}),
        ("makemigrations", [*manage, "makemigrations", "--check", "--dry-run"], embedded),
        (
            "check --deploy",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            production(folder),
        ),
    ]


def clean_environment():
    """Ours, without the settings of the product: the checks bring their own."""
    dropped = ("DATABASE_URL", "EMAIL_URL", "CELERY_BROKER_URL", "SITE_URL", "ALLOWED_HOSTS")
    env = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**env, "CCHC_IGNORE_DOTENV": "1", "DJANGO_SETTINGS_MODULE": "cchc_tracker.settings"}


def main():
    failed = []
    with tempfile.TemporaryDirectory(prefix="cchc-lint-") as folder:
        for name, command, env in checks(folder):
            started = time.monotonic()
            done = subprocess.run(
                command,
                cwd=local.ROOT,
                env={**clean_environment(), **env},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            verdict = "LỖI" if done.returncode else "đạt"
            local.say(f"{name:<16} {verdict}  ({time.monotonic() - started:.1f} giây)")
            if done.returncode:
                failed.append(name)
                local.say(done.stdout.rstrip())
    if failed:
        return local.fail("chưa đạt: " + ", ".join(failed))
    return 0


if __name__ == "__main__":
    local.speak_utf8()
    sys.exit(main())
