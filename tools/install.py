"""The steps of ``tools/setup.py``, once the Python is known to be new enough."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

import local
from local import PYTHON, ROOT, STATIC, VENV, Problem, quietly, say

RUNTIME = ROOT / "requirements.txt"
DEV = ROOT / "requirements" / "dev.txt"
# What collectstatic's result depends on, beside the packages.
STATIC_SOURCES = [ROOT / "static", ROOT / "cchc_tracker" / "settings.py"]


def digest(*paths):
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def has_stamp(name, mark):
    stamp = VENV / (".stamp-" + name)
    return stamp.is_file() and stamp.read_text() == mark


def put_stamp(name, mark):
    (VENV / (".stamp-" + name)).write_text(mark)


def venv_works():
    """Whether ``.venv`` holds a Python that starts, is new enough and believes to be here."""
    if not PYTHON.is_file():
        return False
    place = VENV / ".stamp-place"
    if place.is_file() and place.read_text() != str(VENV):
        return False  # the folder was moved: scripts inside name the old place
    test = "import sys; print(sys.prefix, sys.version_info >= (3, 11))"
    try:
        answer = subprocess.run(
            [str(PYTHON), "-c", test], capture_output=True, text=True, timeout=60, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return False
    return len(answer) == 2 and VENV.samefile(answer[0]) and answer[1] == "True"


def make_venv():
    uv = shutil.which("uv")
    if uv:
        # A damaged environment is made anew.
        command = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        quietly(command, "tạo .venv")
        return
    command = [sys.executable, "-m", "venv", "--clear"]
    if importlib.util.find_spec("ensurepip") is None:
        # Debian packs venv's pip apart. With a pip of the system it works without.
        version = "python%d.%d-venv" % sys.version_info[:2]
        if importlib.util.find_spec("venv") is None or importlib.util.find_spec("pip") is None:
            raise Problem(
                "Python của máy thiếu venv/pip; trên Debian hãy cài: "
                "sudo apt-get install {} (hoặc cài uv), rồi chạy lại.".format(version)
            )
        command.append("--without-pip")
    quietly([*command, str(VENV)], "tạo .venv")


def install_command():
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    flags = ["install", "--quiet", "--disable-pip-version-check"]
    has_pip = subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True)
    if has_pip.returncode == 0:
        return [str(PYTHON), "-m", "pip", *flags]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON), *flags]


def packages(dev):
    wanted, name = (DEV, "dev") if dev else (RUNTIME, "runtime")
    mark = digest(RUNTIME, wanted)
    if has_stamp(name, mark) or (not dev and has_stamp("dev", digest(RUNTIME, DEV))):
        return
    say("[2/4] Thư viện Python theo {} (có thể mất một phút)…".format(wanted.relative_to(ROOT)))
    quietly([*install_command(), "--require-hashes", "-r", str(wanted)], "cài thư viện Python")
    put_stamp(name, mark)


def front_end(dev):
    # What was set up for tests once stays so: the two would undo each other at every change.
    dev = dev or (ROOT / "node_modules" / "axe-core").is_dir()
    command = [sys.executable, str(ROOT / "tools" / "front_end.py"), *([] if dev else ["--no-dev"])]
    if subprocess.run(command).returncode:
        raise Problem("chưa chuẩn bị được phần giao diện (xem dòng trên).")


def static_mark():
    found = hashlib.sha256(digest(RUNTIME).encode())
    for source in STATIC_SOURCES:
        for path in sorted([source] if source.is_file() else source.rglob("*")):
            if path.is_file():
                stat = path.stat()
                line = "{} {} {}\n".format(path.relative_to(ROOT), stat.st_size, stat.st_mtime_ns)
                found.update(line.encode())
    return found.hexdigest()


def static_files():
    mark = static_mark()
    if has_stamp("static", mark) and (STATIC / "staticfiles.json").is_file():
        return
    say("[4/4] Tệp tĩnh…")
    command = [str(PYTHON), "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    # Nothing of the installation's settings matters here; without them the embedded ones do.
    env = {**os.environ, "CCHC_IGNORE_DOTENV": "1", "DEBUG": "0", "VAR_DIR": str(local.var_dir())}
    for name in ("DATABASE_URL", "EMAIL_URL", "CELERY_BROKER_URL", "SITE_URL"):
        env.pop(name, None)
    quietly(command, "gom tệp tĩnh", env=env)
    put_stamp("static", mark)


def main(arguments):
    unknown = [word for word in arguments if word not in ("--dev", "--run")]
    if unknown:
        raise Problem("không hiểu tham số {} (có --dev và --run).".format(unknown[0]))
    dev = "--dev" in arguments
    if "--run" in arguments:
        local.check_port(*local.listen_address())
    local.check_writable(local.var_dir())
    if not venv_works():
        local.check_writable(ROOT)
        say("[1/4] Môi trường Python trong .venv…")
        make_venv()
        put_stamp("place", str(VENV))
    packages(dev)
    say("[3/4] Giao diện…") if not (ROOT / "static/vendor/.stamp").is_file() else None
    front_end(dev)
    static_files()


def run(arguments):
    """``main`` with every expected fault as one line; the exit code."""
    local.speak_utf8()
    try:
        main(arguments)
    except Problem as problem:
        return local.fail(problem)
    except OSError as error:
        return local.fail("{}: {}".format(error.filename or "", local.reason(error)))
    except KeyboardInterrupt:
        return local.fail("đã dừng theo yêu cầu.")
    return 0
