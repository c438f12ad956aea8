"""Run the whole system: web server, worker and scheduler under one supervisor.

    make run [PORT=8000] [HOST=127.0.0.1]

Standard library only. Ctrl-C, SIGTERM or closing the terminal ends all three, by force after a
grace period; a killed supervisor takes them along too. A program that dies is started again, ever
later; one that cannot stay up ends everything with a line that says which and why.
"""

import contextlib
import ctypes
import fcntl
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import local
from local import PYTHON, ROOT, Problem, say

GRACE = 10.0  # seconds a program has to end by itself
WAIT_FOR_WEB = 60.0
QUICK = 10.0  # seconds: a program that dies sooner after its start "dies quickly"
QUICK_DEATHS = 5  # in a row: then it is hopeless
LOG_SIZE = 5_000_000  # bytes of a log that is put aside at the next start
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked for the end."""


class Program:
    """One of the three: how to start it, and what happened to it so far."""

    def __init__(self, title, command, log):
        self.title, self.command, self.log = title, command, log
        self.process: subprocess.Popen | None = None
        self.started = self.start_at = 0.0
        self.quick_deaths = 0

    def start(self, env):
        put_aside(self.log)
        supervisor = os.getpid()

        def in_child():
            # The kernel ends the child when the supervisor is killed without a chance to do it.
            if LIBC is not None:
                LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != supervisor:
                os._exit(1)

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
                preexec_fn=in_child,
            )
        self.started = time.monotonic()

    def died(self):
        """Note a death; how long to wait before the next start, or None if it is hopeless."""
        self.kill_group()  # what it left behind would hold the port
        lived = time.monotonic() - self.started
        self.quick_deaths = self.quick_deaths + 1 if lived < QUICK else 1
        self.process = None
        if self.quick_deaths >= QUICK_DEATHS:
            return None
        return 0.5 * 2 ** (self.quick_deaths - 1)

    def kill_group(self):
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self, count=6):
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [line for line in lines if line.strip()][-count:]


def load_libc():
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None, use_errno=True)
    except OSError:
        return None


LIBC = load_libc()  # before any fork: loading it in the child is not safe


def put_aside(log):
    if log.is_file() and log.stat().st_size > LOG_SIZE:
        log.replace(log.with_suffix(".log.1"))


def programs(host, port, var):
    logs = var / "log"
    local.check_writable(logs)
    # Shared memory, where there is any: gunicorn's heartbeat must not wait for a disk.
    heartbeat = ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []  # noqa: S108
    bind = ["--bind", f"{local.host_text(host)}:{port}"]
    gunicorn = (
        "-m gunicorn cchc_tracker.wsgi --worker-class gthread --workers 1 --threads 8 "
        "--timeout 120 --graceful-timeout 5 --log-level warning"
    )
    # One worker: two on the same folder could take a message that is still being written.
    worker = (
        "-m celery -A cchc_tracker worker --pool threads --concurrency 2 --loglevel INFO "
        "--without-gossip --without-mingle --without-heartbeat"
    )
    beat = "-m celery -A cchc_tracker beat --loglevel INFO --pidfile="
    schedule = ["--schedule", str(var / "beat-schedule")]
    python = str(PYTHON)
    return [
        Program("máy chủ web", [python, *gunicorn.split(), *bind, *heartbeat], logs / "web.log"),
        Program("tiến trình nền", [python, *worker.split()], logs / "worker.log"),
        Program("lịch chạy định kỳ", [python, *beat.split(), *schedule], logs / "beat.log"),
    ]


def own_addresses():
    """Names and addresses under which other machines reach this one."""
    name = socket.gethostname()
    found = {name, socket.getfqdn()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which address would be used
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return sorted(found - {""}, key=lambda text: (not text[:1].isdigit(), text))


def environment(host, port, var):
    """The children's environment: the address they serve follows HOST and PORT unless it is set."""
    env = {**os.environ, "VAR_DIR": str(var), "PYTHONUNBUFFERED": "1"}
    env.setdefault("DJANGO_SETTINGS_MODULE", "cchc_tracker.settings")
    if local.embedded() and not local.setting("SITE_URL"):
        everywhere = host in ("0.0.0.0", "::", "")  # noqa: S104 - only where the person asks for it
        names = own_addresses() if everywhere else [local.host_text(host)]
        env["SITE_URL"] = f"http://{names[0]}:{port}"
        if not local.setting("ALLOWED_HOSTS"):
            env["ALLOWED_HOSTS"] = ",".join(
                dict.fromkeys([*names, "localhost", "127.0.0.1", "[::1]"])
            )
    return env


def only_one(var):
    """A lock held as long as this process lives: two workers must never share one broker folder."""
    lock = (var / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        raise Problem(
            f"hệ thống đang chạy rồi với thư mục {var} (tiến trình {lock.read().strip() or '?'}); "
            "hãy dừng nó trước."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


class Supervisor:
    def __init__(self, children, env):
        self.children, self.env = children, env
        self.asked = 0
        self.reader, self.writer = socket.socketpair()
        self.reader.setblocking(False)
        self.writer.setblocking(False)
        signal.set_wakeup_fd(self.writer.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self.on_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only to wake the wait below

    def on_stop(self, number, frame):
        self.asked += 1

    def wait(self, seconds):
        """Sleep, but wake at once at a signal."""
        if select.select([self.reader], [], [], max(seconds, 0))[0]:
            with contextlib.suppress(BlockingIOError):
                self.reader.recv(4096)

    def look(self):
        """Start what is due, note what died."""
        if self.asked:
            raise Stopped
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.start_at:
                    child.start(self.env)
            elif child.process.poll() is not None:
                code = child.process.returncode
                pause = child.died()
                if pause is None:
                    raise Problem(
                        "\n      ".join(
                            [
                                f"{child.title} dừng {QUICK_DEATHS} lần liên tiếp ngay sau khi khởi động "
                                f"(mã {code}); xem {child.log}",
                                *child.last_words(),
                            ]
                        )
                    )
                child.start_at = time.monotonic() + pause
                say(f"{child.title} đã dừng (mã {code}); khởi động lại sau {pause:g} giây.")

    def stop(self):
        """End all, gently, then by force; a second request does not wait."""
        asked = self.asked
        running = [child for child in self.children if child.process is not None]
        for child in running:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE
        while any(child.process.poll() is None for child in running):
            left = deadline - time.monotonic()
            if left <= 0 or self.asked > asked:
                break
            self.wait(min(left, 0.5))
        for child in running:
            child.kill_group()
            child.process.wait()


def answers(host, port, site):
    """Whether /healthz says ok. Asked by the name the settings allow."""
    target = "127.0.0.1" if host in ("0.0.0.0", "") else "::1" if host == "::" else host  # noqa: S104
    connection = http.client.HTTPConnection(target, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": site or "127.0.0.1"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def banner(env, accounts, var):
    say("")
    say(f"CCHC Tracker đang chạy tại {env.get('SITE_URL') or local.setting('SITE_URL')}")
    if accounts:
        say("")
        say("Tài khoản minh họa:")
        widths = [max(len(row[column]) for row in accounts) for column in range(3)]
        for row in accounts:
            say(
                "  "
                + "  ".join(
                    text.ljust(width) for text, width in zip(row, widths, strict=True)
                ).rstrip()
            )
    say("")
    mails = "" if local.setting("EMAIL_URL") else f"   Thư gửi đi: {var / 'mail'}"
    say(f"Nhật ký: {var / 'log'}{mails}   Dừng: Ctrl-C")


def main():
    host, port = local.listen_address()
    var = local.var_dir()
    local.check_writable(var)
    lock = only_one(var)
    local.check_port(host, port)
    env = environment(host, port, var)
    say("Cơ sở dữ liệu…")
    prepare = [str(PYTHON), str(ROOT / "tools" / "prepare.py")]
    said = local.quietly(prepare, "chuẩn bị dữ liệu", env=env, keep_stdout=True)
    accounts = json.loads(said.splitlines()[-1])["accounts"]

    children = programs(host, port, var)
    for child in children[1:]:
        child.start_at = float(
            "inf"
        )  # people wait for the web server: it has the machine alone first
    supervisor = Supervisor(children, env)
    site = urlsplit(env.get("SITE_URL") or local.setting("SITE_URL")).hostname
    try:
        deadline = time.monotonic() + WAIT_FOR_WEB
        supervisor.look()
        while not answers(host, port, site):
            if time.monotonic() > deadline:
                raise Problem(f"máy chủ web không trả lời; xem {var / 'log' / 'web.log'}")
            supervisor.wait(0.2)
            supervisor.look()
        for child in children[1:]:
            child.start_at = 0.0
        supervisor.look()
        banner(env, accounts, var)
        while True:
            supervisor.wait(1.0)
            supervisor.look()
    except Stopped:
        say("\nĐang dừng…")
        return 0
    finally:
        supervisor.stop()
        lock.close()
        say("Đã dừng.")


if __name__ == "__main__":
    local.speak_utf8()
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(local.fail(problem))
    except KeyboardInterrupt:
        sys.exit(local.fail("đã dừng theo yêu cầu."))
