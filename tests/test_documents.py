"""The documents tell the truth: what they name exists, and what exists is named."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
APPS = {"accounts", "plans", "tasks", "scoring"}
MADE = {"var", ".venv", ".setup", ".env"}  # made by set-up, or by the reader


def text_of(path):
    return path.read_text(encoding="utf-8")


def own_commands():
    return {name for name, app in get_commands().items() if app in APPS}


def targets():
    return set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.M))


def test_readme_lists_every_command_and_no_other():
    table = text_of(ROOT / "README.md").partition("| command | does |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"^\| `([a-z_]+)", table, re.M))
    assert listed == own_commands()


def test_options_of_commands_in_the_readme_exist():
    for line in text_of(ROOT / "README.md").splitlines():
        match = re.match(r"\| `([a-z_]+)(.*?)` ?(?:, `(.*?)`)? ?\|", line)
        if match and match[1] in own_commands():
            parser = load_command_class(get_commands()[match[1]], match[1]).create_parser(
                "manage.py", match[1]
            )
            known = {option for action in parser._actions for option in action.option_strings}
            for option in re.findall(r"--[a-z-]+", match[2] + (match[3] or "")):
                assert option in known, f"{match[1]} {option}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_targets_of_make_exist(path):
    named = set(re.findall(r"(?:`|^ {4})make ([a-z][a-z-]*)", text_of(path), re.M))
    assert named <= targets()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(path):
    """Every `path/with.slash` of the project in backticks, and every link."""
    for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text_of(path)):
        if name.split("/")[0] in MADE or "<" in name:
            continue
        assert (ROOT / name).exists() or list(ROOT.glob(f"*/{name}")), f"{path.name}: {name}"
    for link in re.findall(r"\]\(([^)#:]+)\)", text_of(path)):
        if link.startswith("docs/images/") and not (ROOT / "tools" / "screenshots.py").exists():
            continue  # taken by make screenshots
        assert (path.parent / link).exists(), f"{path.name}: {link}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_settings_that_are_named_exist(path):
    known = set(re.findall(r"^#?([A-Z_]+)=", text_of(ROOT / ".env.example"), re.M))
    for name in re.findall(r"`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", text_of(path)):
        in_code = any(name in text_of(file) for file in ROOT.glob("cchc_tracker/*.py"))
        assert name in known or in_code, f"{path.name}: {name}"


def test_first_screen_of_the_readme():
    """What it is, how to start it, how to test it, and what it looks like: without scrolling."""
    screen = text_of(ROOT / "README.md").splitlines()[:20]
    for word in ("make run", "make test", "docs/images/dashboard.png"):
        assert any(word in line for line in screen), word


def test_make_help_names_every_target_for_people():
    shown = set(re.findall(r'"make ([a-z-]+)', text_of(ROOT / "Makefile")))
    assert shown == targets() - {"help", "python", "setup-dev"}


def test_version_is_the_same_everywhere():
    version = re.search(r'^version = "(.+)"', text_of(ROOT / "pyproject.toml"), re.M)[1]
    assert f'"version": "{version}"' in text_of(ROOT / "package.json")
