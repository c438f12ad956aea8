"""``make run`` for real: the supervisor, its three programs, and how they end."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUN = [sys.executable, str(ROOT / "tools" / "run.py")]
PATIENCE = 90

pytestmark = pytest.mark.service


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder, port, **more):
    env = {
        name: text
        for name, text in os.environ.items()
        if name
        not in {"DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "SITE_URL", "ALLOWED_HOSTS"}
    }
    env.pop("DJANGO_SETTINGS_MODULE", None)
    return env | {"VAR_DIR": str(folder), "PORT": str(port), "CCHC_IGNORE_DOTENV": "1"} | more


def wait_until(what, process=None):
    """Poll until ``what()`` is true; a deadline only guards against waiting for ever."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, "waited too long"
        assert process is None or process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    return found


def get(port, path="/healthz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except OSError:
        return None


def processes_of(folder):
    """Ids of all processes that carry this test's data folder in their environment, wherever they hang now."""
    mark, found = f"VAR_DIR={folder}".encode(), set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    return found - {os.getpid()}


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def children(folder, word):
    return {pid for pid in processes_of(folder) if f" {word} " in command_of(pid)}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A data folder with a database that is not empty, so that no demo office is made at each start."""
    folder = tmp_path_factory.mktemp("office")
    code = "from accounts.models import Agency; Agency.objects.create(code='SO', name='Sở thử')"
    for command in (["migrate", "--verbosity", "0"], ["shell", "--verbosity", "0", "-c", code]):
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command],
            env=environment(folder, 1),
            check=True,
            timeout=PATIENCE,
        )
    return folder


@contextlib.contextmanager
def running(folder):
    """The running system; whatever a test did to it, nothing of it stays."""
    if not (ROOT / "staticfiles" / "staticfiles.json").is_file():
        pytest.fail("static files are missing: make setup")
    port = free_port()
    process = subprocess.Popen(
        RUN,
        env=environment(folder, port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    process.port, process.folder = port, folder
    try:
        wait_until(lambda: get(port), process)
        wait_until(lambda: children(folder, "worker") and children(folder, "beat"), process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        for pid in processes_of(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def ending(office):
    """A system that the test brings to its end."""
    with running(office) as process:
        yield process


@pytest.fixture(scope="module")
def system(tmp_path_factory, office):
    """A system that all tests that leave it running share."""
    folder = tmp_path_factory.mktemp("shared") / "var"
    shutil.copytree(office, folder)
    with running(folder) as process:
        yield process


def test_it_answers_and_sigterm_ends_all_of_it(ending):
    assert get(ending.port) == (200, "ok")
    assert get(ending.port, "/dang-nhap/")[0] == 200
    assert (
        len(processes_of(ending.folder)) >= 5
    )  # supervisor, web server and its worker, job worker, beat
    ending.terminate()
    output, _ = ending.communicate(timeout=PATIENCE)
    assert ending.returncode == 0, output
    assert f"http://127.0.0.1:{ending.port}" in output
    assert "Traceback" not in output
    assert processes_of(ending.folder) == set()
    assert get(ending.port) is None


def test_a_hanging_program_is_ended_by_force(ending):
    for pid in children(ending.folder, "worker"):
        os.kill(pid, signal.SIGSTOP)  # hears nothing any more
    ending.send_signal(signal.SIGINT)  # as Ctrl-C does
    ending.communicate(timeout=PATIENCE)
    assert processes_of(ending.folder) == set()


def test_a_second_request_does_not_wait(ending):
    for pid in children(ending.folder, "worker"):
        os.kill(pid, signal.SIGSTOP)
    ending.terminate()
    wait_until(lambda: not children(ending.folder, "beat"))
    ending.send_signal(signal.SIGINT)
    ending.communicate(timeout=PATIENCE)
    assert processes_of(ending.folder) == set()


def test_a_killed_supervisor_takes_its_programs_along(ending):
    ending.kill()
    ending.wait()
    wait_until(lambda: not processes_of(ending.folder))
    assert get(ending.port) is None


@pytest.mark.parametrize("word", ["worker", "beat", "gunicorn"])
def test_a_program_that_dies_is_started_again(system, word):
    before = children(system.folder, word)
    for pid in before:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: children(system.folder, word) - before, system)
    wait_until(lambda: get(system.port), system)
    assert system.poll() is None


def test_a_program_that_cannot_stay_up_is_given_up(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("supervisor", ROOT / "tools" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    log = tmp_path / "program.log"
    program = module.Program("chương trình", [sys.executable, "-c", "exit('lý do')"], log)
    pauses = []
    for _ in range(module.QUICK_DEATHS):
        program.start({**os.environ, "PYTHONUTF8": "1"})
        program.process.wait()
        pauses.append(program.died())
    assert pauses == [0.5, 1, 2, 4, None]
    assert program.last_words(1) == ["lý do"]
    # One that lived long enough in between begins anew.
    program.start(dict(os.environ))
    program.process.wait()
    program.started -= module.QUICK
    assert program.died() == 0.5


def test_jobs_reach_the_worker(system):
    """Through the real broker folder: the log of the worker names the job it got."""
    code = "from accounts.jobs import send_waiting_mail as job; job.delay()"
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "-c", code],
        env=environment(system.folder, system.port),
        check=True,
        timeout=PATIENCE,
    )
    log = system.folder / "log" / "worker.log"
    wait_until(
        lambda: "send_waiting_mail" in log.read_text() and "succeeded" in log.read_text(), system
    )


def start(folder, port, command=RUN, **more):
    return subprocess.run(
        command,
        env=environment(folder, port, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def only_line(done):
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("LỖI: ")
    return lines[0]


def test_taken_port_gets_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"cổng {port} đang có chương trình khác dùng" in only_line(start(tmp_path, port))


def test_second_start_on_the_same_data_is_refused(system):
    assert "đang chạy rồi" in only_line(start(system.folder, free_port()))


@pytest.mark.parametrize("port", ["0", "65536", "abc", "-1", "80 80", "٨٠٠٠"])
def test_bad_port_gets_one_line(tmp_path, port):
    assert "PORT phải là số từ 1 đến 65535" in only_line(start(tmp_path, port))


def test_host_of_another_machine_gets_one_line(tmp_path):
    line = only_line(start(tmp_path, free_port(), HOST="203.0.113.9"))
    assert "203.0.113.9" in line


@pytest.mark.parametrize("tool", ["run.py", "setup.py"])
def test_unwritable_folder_gets_one_line(tmp_path, tool):
    (tmp_path / "file").write_text("")
    done = start(
        tmp_path / "file" / "var", free_port(), [sys.executable, str(ROOT / "tools" / tool)]
    )
    assert f"không ghi được vào thư mục {tmp_path / 'file' / 'var'}" in only_line(done)


def test_bad_setting_gets_one_line(tmp_path):
    assert "MAX_UPLOAD_MB" in only_line(start(tmp_path, free_port(), MAX_UPLOAD_MB="nhiều"))


def test_old_python_is_told_so():
    """The check of the version stands before everything an old Python cannot read."""
    source = (ROOT / "tools" / "setup.py").read_text(encoding="utf-8")
    code = (
        "import sys; sys.version_info = (3, 6, 9, 'final', 0); sys.argv = ['setup.py']\n"
        "import os; os.environ['PATH'] = '/nonexistent'\n" + source.replace("from __future__", "#")
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8"
    )
    assert "cần Python 3.11 trở lên" in only_line(done)
    assert "3.6" in done.stderr


def test_everybody_on_the_network_only_when_asked(office):
    """HOST=0.0.0.0 listens for others, and the address in mails is one they can use."""
    port = free_port()
    process = subprocess.Popen(
        RUN,
        env=environment(office, port, HOST="0.0.0.0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    try:
        # The address is said once the web server answers; the worker is started then.
        wait_until(lambda: get(port) and children(office, "worker"), process)
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE)
    address = next(word for word in output.split() if word.startswith("http://"))
    assert address.endswith(f":{port}")
    assert "0.0.0.0" not in address
    assert processes_of(office) == set()


# -- reset ----------------------------------------------------------------------------------------

RESET = [sys.executable, str(ROOT / "tools" / "reset.py")]


def test_reset_asks_and_throws_away_only_what_the_product_made(tmp_path):
    (tmp_path / "db.sqlite3").write_text("x")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.log").write_text("x")
    (tmp_path / "notes.txt").write_text("mine")
    assert "chưa xóa gì" in only_line(start(tmp_path, 1, RESET))
    assert (tmp_path / "db.sqlite3").exists()
    assert start(tmp_path, 1, RESET, YES="1").returncode == 0
    assert not (tmp_path / "db.sqlite3").exists()
    assert not (tmp_path / "mail").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_reset_refuses_while_running_and_on_a_real_database(system, tmp_path):
    assert "đang chạy" in only_line(start(system.folder, 1, RESET, YES="1"))
    done = start(tmp_path, 1, RESET, YES="1", DATABASE_URL="postgres://a:b@127.0.0.1:1/c")
    assert "DATABASE_URL" in only_line(done)
