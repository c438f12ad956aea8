"""What the tools share: where things lie, what ``.env`` says, how to talk to the person at the terminal.

Standard library only: it runs before anything is installed.
"""

import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATIC = ROOT / "staticfiles"


class Problem(Exception):
    """What is wrong and what to do about it, in one line for the person at the terminal."""


def say(text):
    print(text, flush=True)


def fail(problem):
    print(f"LỖI: {problem}", file=sys.stderr, flush=True)
    return 1


def speak_utf8():
    """Vietnamese also on a terminal that says it knows ASCII only."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def dotenv():
    """The plain ``NAME=value`` lines of ``.env``; the environment wins over them, as in the settings."""
    path, found = ROOT / ".env", {}
    if path.is_file() and not os.environ.get("CCHC_IGNORE_DOTENV"):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, sign, value = line.strip().removeprefix("export ").partition("=")
            if sign and not name.startswith("#"):
                found[name.strip()] = value.strip().strip("'\"")
    return found


def setting(name, default=""):
    return os.environ.get(name) or dotenv().get(name) or default


def var_dir():
    return (ROOT / setting("VAR_DIR", "var")).resolve()


def embedded():
    return not setting("DATABASE_URL")


# Said in Vietnamese; other faults of the system keep its own words.
REASONS = {
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.ENOSPC: "ổ đĩa đã đầy",
    errno.ENOTDIR: "một phần đường dẫn không phải là thư mục",
    errno.EEXIST: "đã có tệp trùng tên",
}


def reason(error):
    return REASONS.get(error.errno, error.strerror)


def check_writable(folder):
    """Make ``folder`` and a file in it, or say why not (permissions alone do not tell: root, read-only disks)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-"):
            pass
    except OSError as error:
        raise Problem(
            f"không ghi được vào thư mục {folder}: {reason(error)}; "
            "hãy cấp quyền ghi, hoặc chọn thư mục khác bằng VAR_DIR=…"
        ) from error


def listen_address():
    """(host, port) from HOST and PORT, checked."""
    host, port = setting("HOST", "127.0.0.1").strip("[]"), setting("PORT", "8000")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Problem(f"PORT phải là số từ 1 đến 65535, không phải «{port}».")
    return host, int(port)


def check_port(host, port):
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Problem(f"HOST «{host}» không phải địa chỉ của máy này.") from error
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except PermissionError as error:
            raise Problem(f"không được phép mở cổng {port}; hãy chọn cổng trên 1023.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 1 if port < 65535 else 8000
                raise Problem(
                    f"cổng {port} đang có chương trình khác dùng; "
                    f"hãy dừng chương trình đó hoặc chọn cổng khác: make run PORT={other}"
                ) from error
            raise Problem(f"không mở được {host}:{port} ({error.strerror}).") from error


def host_text(host):
    return f"[{host}]" if ":" in host else host


def quietly(command, what, env=None, seconds_shown=3, keep_stdout=False):
    """Run ``command``, showing the seconds that pass; on failure raise what it said last.

    With ``keep_stdout`` what it prints is returned (and only its errors are part of a failure).
    """
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if keep_stdout else output,
                stderr=output,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise Problem(f"{what}: không chạy được {command[0]} ({error.strerror}).") from error
        said, shown = "", 0.0
        try:
            while True:
                try:
                    said = process.communicate(timeout=1)[0] or ""
                    break
                except subprocess.TimeoutExpired:
                    passed = time.monotonic() - started
                    if sys.stdout.isatty() and passed > seconds_shown:
                        print(f"\r      … {passed:.0f} giây", end="", flush=True)
                        shown = passed
                    elif passed - shown > 15:
                        say(f"      … {passed:.0f} giây")
                        shown = passed
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if sys.stdout.isatty() and shown:
            print("\r" + " " * 24 + "\r", end="", flush=True)
        if process.returncode:
            output.seek(0)
            lines = [line.rstrip() for line in output if line.strip()][-8:]
            if lines and lines[-1].startswith("LỖI: "):  # one of ours: it says it all
                raise Problem(lines[-1].removeprefix("LỖI: "))
            raise Problem("\n      ".join([f"{what} không thành công.", *lines]))
    return said
