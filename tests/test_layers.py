"""The shape of the code: one direction of imports, jobs known by name, nothing in git that is made or fetched."""

import ast
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from cchc_tracker.celery import app

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["accounts", "plans", "tasks", "scoring"]  # each may import those before it (DESIGN 3)
WIRING = "cchc_tracker"

JOBS = {
    "accounts.jobs.send_mail",
    "accounts.jobs.send_waiting_mail",
    "tasks.jobs.check_evidence",
    "tasks.jobs.remind",
    "scoring.jobs.export_due",
    "scoring.jobs.make_export",
    "scoring.jobs.make_waiting_exports",
    "scoring.jobs.write_period_stakes",
    "scoring.jobs.write_stakes",
}


def imports(path):
    """Top-level package of every import, also inside functions, and what importlib is asked for by a plain text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays inside its app.
            yield (node.module or "").split(".")[0] if not node.level else "", node.lineno
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith(("import_module", "import_string", "__import__"))
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value).split(".")[0], node.lineno


def wrong_imports(folder, forbidden):
    return [
        f"{path.relative_to(ROOT)}:{line} imports {package}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for package, line in imports(path)
        if package in forbidden
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_an_app_imports_only_those_above_it(layer):
    below = set(LAYERS[LAYERS.index(layer) + 1 :])
    assert wrong_imports(layer, below | {"tests", "tools"}) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_apps_know_nothing_of_the_wiring(layer):
    assert wrong_imports(layer, {WIRING}) == []


def test_a_wrong_import_is_seen_also_inside_a_function(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text("def late():\n    from scoring import models\n    import tasks.jobs\n")
    assert list(imports(path)) == [("scoring", 2), ("tasks", 3)]


def test_jobs_by_name():
    """A mistyped module registers nothing and says nothing; so the list stands here."""
    app.loader.import_default_modules()
    assert {name for name in app.tasks if not name.startswith("celery.")} == JOBS


def test_every_entry_of_the_schedule_starts_a_job_that_exists():
    app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


def test_models_of_one_app_point_upwards_only():
    """A foreign key written as text ("tasks.Report") would pass the test of imports."""
    from django.apps import apps

    for layer in LAYERS:
        allowed = set(LAYERS[: LAYERS.index(layer) + 1])
        for model in apps.get_app_config(layer).get_models():
            for field in model._meta.get_fields():
                target = field.related_model
                if not field.auto_created and target and target._meta.app_label in LAYERS:
                    assert target._meta.app_label in allowed, f"{model.__name__}.{field.name}"


def tracked():
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip("not a git work tree")
    return done.stdout.splitlines()


MADE_OR_FETCHED = (
    "node_modules/",
    "static/vendor/",
    "staticfiles/",
    "var/",
    ".venv/",
    ".setup/",
)


def test_nothing_of_others_and_nothing_made_is_tracked():
    files = tracked()
    assert "manage.py" in files
    assert [name for name in files if name.startswith(MADE_OR_FETCHED)] == []
    assert [
        name for name in files if name.endswith((".pyc", ".sqlite3", ".min.js", ".min.css"))
    ] == []
    assert ".env" not in files


def test_no_file_names_a_registry_or_a_place_of_one_machine():
    words = [
        "files.pythonhosted" + ".org",
        "pypi" + ".org",
        "registry.npmjs" + ".org",
        "/root" + "/",
    ]
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".mo", ".png", ".xlsx", ".docx", ".pdf"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], name
