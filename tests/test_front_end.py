"""The front-end files: locked without addresses, and every icon the pages name is in the sprite."""

import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPRITE = ROOT / "static" / "vendor" / "icons.svg"
APPS = ("accounts", "plans", "tasks", "scoring", "cchc_tracker")


def tool():
    spec = importlib.util.spec_from_file_location("front_end", ROOT / "tools" / "front_end.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed():
    return set(tool().icon_names())


def named_icons():
    """icon -> the file that names it, in templates (also as a component's parameter) and in Python."""
    found = {}
    for path in (ROOT / "templates").rglob("*.html"):
        text = re.sub(
            r"{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.S
        )
        # "#{% if a %}one{% else %}two{% endif %}" names two
        for part in re.findall(r"icons\.svg['\"] %}#((?:{%.*?%}|[a-z0-9-])+)", text):
            for name in re.sub(r"{%.*?%}", " ", part).split():
                found[name] = path
        for name in re.findall(r"icon=\"([a-z0-9-]+)\"", text):
            found[name] = path
        for name in re.findall(r"icon\|default:['\"]([a-z0-9-]+)", text):
            found[name] = path
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for name in re.findall(r"icons\.svg#([a-z0-9-]+)", text):
                found[name] = path
    return found


def test_lock_has_no_addresses_and_pins_every_package():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
    wanted = json.loads((ROOT / "package.json").read_text())
    for version in (*wanted["dependencies"].values(), *wanted["devDependencies"].values()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), "exact versions only"


def test_every_icon_used_is_listed():
    assert {name: str(path) for name, path in named_icons().items() if name not in listed()} == {}


def test_menu_icons_are_listed():
    from accounts import context

    entries = [*context.MENU, context.ADMIN_ONLY]
    assert {entry.icon for entry in entries} <= listed()


@pytest.mark.skipif(not SPRITE.is_file(), reason="tools/front_end.py has not run")
def test_sprite_holds_each_listed_icon():
    assert set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8"))) == listed()


@pytest.mark.skipif(not SPRITE.is_file(), reason="tools/front_end.py has not run")
def test_second_run_does_nothing():
    before = SPRITE.stat().st_mtime_ns
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "front_end.py")],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - started < 2  # 0.2 s on a quiet machine
    assert SPRITE.stat().st_mtime_ns == before


def test_wrong_argument_is_one_clear_line():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "front_end.py"), "--loud"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "LỖI giao diện: không hiểu tham số --loud (chỉ có --no-dev).\n"


def test_no_inline_code_in_pages():
    """The content security policy forbids it, so the browser would drop it without a word."""
    for path in (ROOT / "templates").rglob("*.html"):
        if "emails" in path.parts:
            continue
        text = re.sub(
            r"{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.S
        )
        assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)=", text), path
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)", text), path


def test_each_component_has_its_stylesheet():
    components = ROOT / "static" / "css" / "components"
    names = {path.stem for path in (ROOT / "templates" / "components").glob("*.html")} - {
        "icon",
        "scripts",
    }
    assert names <= {path.stem for path in components.glob("*.css")}
    imported = re.findall(
        r"components/(\w+)\.css", (ROOT / "static" / "css" / "app.css").read_text()
    )
    assert sorted(imported) == sorted(path.stem for path in components.glob("*.css"))


@pytest.mark.parametrize("name", ["403.html", "404.html", "403_csrf.html"])
@pytest.mark.parametrize(("user_name", "mark"), [("Trần An", "user-menu"), ("", "plain-card")])
def test_refusals_wear_the_frame_of_their_reader(name, user_name, mark):
    """Signed in: the menu stays at hand. Signed out: the plain page, with no menu to be refused from."""
    from django.template import engines

    from accounts.context import Shell

    template = engines["django"].get_template(name)
    context = {"shell": Shell(user_name=user_name), "exception": "Báo cáo của đơn vị khác."}
    html = template.render(context)
    assert mark in html
    if name == "403.html":
        assert "Báo cáo của đơn vị khác." in html


def test_page_of_a_fault_needs_nothing():
    from django.template import engines

    html = engines["django"].get_template("500.html").render()
    assert "Hệ thống gặp lỗi" in html
    assert (ROOT / "static" / "css" / "error.css").is_file()


def test_copies_on_a_machine_belong_to_the_person_not_to_the_name():
    """keep.js names its copies by it: two people may have the same name."""
    from django.template import engines

    from accounts.context import Shell

    shell = Shell(user_name="Trần An", user_id="u7")
    html = engines["django"].get_template("base.html").render({"shell": shell})
    assert 'data-who="u7"' in html
