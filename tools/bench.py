"""What the pages cost, as ratios to an empty page, and whether eight people can save at once.

    make bench [ARGS="--rounds 60"]

On the demo office in a folder of its own, with the product's settings (DEBUG off, cached templates,
SQLite). Pages run in this process through the whole WSGI application, one after the other in turns, so
that a busy machine slows all alike; CPU is the process's own. The eight writers talk to a real web server.
"""

import argparse
import html.parser
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.parse

import local

WRITERS, SAVES = 8, 25
WARM_UP = 5
UNSET = ("DATABASE_URL", "EMAIL_URL", "CELERY_BROKER_URL", "SITE_URL", "ALLOWED_HOSTS", "DEBUG")
CSRF = "benchbenchbenchbenchbenchbenchbe"  # 32 letters, as Django's own


def prepare(folder):
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ |= {"VAR_DIR": folder, "CCHC_IGNORE_DOTENV": "1", "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "cchc_tracker.settings"
    sys.path.insert(0, str(local.ROOT))
    import django
    from django.conf import settings
    from django.core.management import call_command

    # Nobody works off this queue: sending to it costs what it costs, but no worker runs here.
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("seed_demo", stdout=io.StringIO())
    sys.modules["bench_urls"] = bench_urls()
    settings.ROOT_URLCONF = "bench_urls"


def bench_urls():
    """The product's addresses, and two to compare with: Django's list of reports, the smallest write."""
    from django.contrib import admin
    from django.db import transaction
    from django.http import JsonResponse
    from django.urls import include, path
    from django.utils import timezone
    from django.views.decorators.http import require_POST

    from accounts.decorators import signed_in
    from accounts.models import User
    from tasks.models import Report

    class Site(admin.AdminSite):
        def has_permission(self, request):
            return request.user.is_active

    class Reports(admin.ModelAdmin):
        list_display = ("task", "unit", "period", "state", "version")
        list_select_related = ("task", "unit", "period")
        list_filter = ("state", "unit")
        list_per_page = 200

        def has_view_permission(self, request, obj=None):
            return True

        has_module_permission = has_add_permission = has_change_permission = has_view_permission

    @require_POST
    @signed_in
    def smallest_write(request):
        with transaction.atomic():
            User.objects.filter(pk=request.user.pk).update(last_login=timezone.now())
        return JsonResponse({"ok": True})

    site = Site(name="bench")
    site.register(Report, Reports)
    module = types.ModuleType("bench_urls")
    patterns = [
        path("bench/admin/", site.urls),
        path("bench/write", smallest_write),
        path("", include("cchc_tracker.urls")),
    ]
    module.__dict__["urlpatterns"] = patterns
    return module


# -- Asking -----------------------------------------------------------------------------------------


class Person:
    """Somebody signed in, and how he asks the application in this process."""

    def __init__(self, user):
        from django.test import Client

        client = Client()
        client.force_login(user, backend="accounts.backends.EmailBackend")
        self.user = user
        self.cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={CSRF}"

    def ask(self, application, address, form=None, **headers):
        """(status, body) of a GET, or of a POST of ``form`` by a script: an autosave unless ``headers`` say else."""
        path, _, query = address.partition("?")
        body = urllib.parse.urlencode(form).encode() if form is not None else b""
        environ = {
            "REQUEST_METHOD": "GET" if form is None else "POST",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_COOKIE": self.cookie,
            "HTTP_X_CSRFTOKEN": CSRF,
            **(headers or {"HTTP_X_AUTOSAVE": "1"}),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        status = []
        answer = application(environ, lambda line, headers, error=None: status.append(line))
        try:
            text = b"".join(answer)
        finally:
            answer.close()
        return int(status[0].split()[0]), text


class FormReader(html.parser.HTMLParser):
    """What a browser would send of the form that saves itself, or of the one with the id ``form``."""

    def __init__(self, form=""):
        super().__init__()
        self.form = form
        self.inside, self.action, self.fields = False, "", {}
        self.select, self.area = "", ""

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        name = at.get("name")
        if tag == "form" and (at.get("id") == self.form if self.form else "data-autosave" in at):
            self.inside, self.action = True, at.get("data-autosave") or at.get("action") or ""
        elif not self.inside or "disabled" in at:
            return
        elif tag == "input" and name and at.get("type", "text") not in {"file", "submit"}:
            if at.get("type") not in {"radio", "checkbox"} or "checked" in at:
                self.fields[name] = at.get("value") or ""
        elif tag == "textarea" and name:
            self.area = name
            self.fields[name] = ""
        elif tag == "select" and name:
            self.select = name
            self.fields[name] = ""
        elif tag == "option" and self.select and "selected" in at:
            self.fields[self.select] = at.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] += data


def form_of(page, name=""):
    reader = FormReader(name)
    reader.feed(page.decode())
    if not reader.action:
        raise local.Problem(f"không thấy biểu mẫu {name or 'tự lưu'} trên trang.")
    reader.fields.pop("csrfmiddlewaretoken", None)
    return reader.action, reader.fields


# -- Measuring --------------------------------------------------------------------------------------


def queries(job):
    """How often ``job`` asks the database."""
    from django.db import connection

    asked = []

    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        job()
    return len(asked)


def measure(jobs, rounds):
    """name → (CPU, wall time) in milliseconds, both the median of ``rounds``, and the number of queries.

    The jobs take turns.
    """
    cpu: dict[str, list[float]] = {name: [] for name in jobs}
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + WARM_UP):
        for name, job in jobs.items():
            started, used = time.perf_counter(), time.process_time()
            job()
            if number >= WARM_UP:
                cpu[name].append((time.process_time() - used) * 1000)
                wall[name].append((time.perf_counter() - started) * 1000)
    return {
        name: (statistics.median(cpu[name]), statistics.median(wall[name]), queries(job))
        for name, job in jobs.items()
    }


def cast():
    """The office, and for each unit that still owes: its writer and its report with most indicators."""
    from django.db.models import Count
    from django.utils import timezone

    from accounts.models import Role, User
    from tasks.models import Report
    from tasks.states import OWED

    people = list(User.objects.filter(is_active=True, unit__isnull=False).select_related("unit"))
    office = next(user for user in people if Role.COORDINATOR in user.roles)
    owed = (
        Report.objects.filter(
            state__in=OWED, released_at=None, period__due_before__gt=timezone.localdate()
        )
        .annotate(asked=Count("task__indicators"))
        .order_by("-asked", "pk")
    )
    writers: list[tuple] = []
    for report in owed:
        if report.unit_id in {user.unit_id for user, _ in writers}:
            continue
        user = next(
            (u for u in people if u.unit_id == report.unit_id and Role.REPORTER in u.roles), None
        )
        if user is not None:
            writers.append((user, report))
    return office, writers


def checked(person, application, address, form=None, **headers):
    def job():
        status, body = person.ask(application, address, form() if form else None, **headers)
        if status != 200:
            raise local.Problem(
                f"{address} trả lời {status}: {body[:300].decode(errors='replace')}"
            )
        return body

    return job


def pages(rounds):
    from django.core.wsgi import get_wsgi_application
    from django.urls import reverse

    application = get_wsgi_application()
    office_user, writers = cast()
    office = Person(office_user)
    user, report = writers[0]
    writer = Person(user)
    empty = reverse("password_change")
    form_address = reverse("report_form", args=[report.pk])
    save_address, fields = form_of(checked(writer, application, form_address)())
    state = {"count": 0}
    text = next(name for name, value in fields.items() if name in {"text", "difficulties"})

    def next_form():
        state["count"] += 1
        return {**fields, text: f"Đơn vị đã thực hiện, lần lưu {state['count']}."}

    save = checked(writer, application, save_address, next_form)

    def save_and_go_on():
        fields["version"] = str(json.loads(save())["version"])

    reports, inputs, pure = recomputation()
    got = measure(
        {
            "Trang trống (đổi mật khẩu), Văn phòng": checked(office, application, empty),
            "Trang trống, đơn vị": checked(writer, application, empty),
            "Tổng quan: 31 nhiệm vụ × 12 đơn vị": checked(
                office, application, reverse("dashboard")
            ),
            "Việc của đơn vị": checked(writer, application, reverse("todo")),
            "Soạn báo cáo": checked(writer, application, form_address),
            "Danh sách báo cáo của Django admin": checked(
                office, application, "/bench/admin/tasks/report/"
            ),
            "Ghi nhỏ nhất (một dòng)": checked(writer, application, "/bench/write", dict),
            "Tự lưu báo cáo": save_and_go_on,
            "Phiếu điểm": checked(office, application, reverse("scorecard_detail")),
            "Điểm còn giành được": checked(office, application, reverse("risk_list")),
            "Thử tính một số liệu": trying(office, application),
            "Đọc các báo cáo của kỳ (một truy vấn)": reports,
            "Tính lại cả bộ tiêu chí": inputs,
            "Chỉ phần số học của nó": pure,
        },
        rounds,
    )
    office_empty, unit_empty, dashboard, todo, form, listing, smallest, saving, *scores = got
    card, risks, what_if, reading, whole, arithmetic = scores
    compared = {
        card: (office_empty, "", None),
        risks: (office_empty, "", None),
        what_if: (office_empty, "", None),
        reading: (office_empty, "", None),
        whole: (reading, "lần đọc báo cáo", None),
        arithmetic: (office_empty, "", None),
        dashboard: (office_empty, "≤ 4", 4),
        todo: (unit_empty, "", None),
        form: (unit_empty, "", None),
        listing: (office_empty, "(so sánh)", None),
        saving: (smallest, "≤ 2", 2),
    }
    local.say(
        f"\n{'':<40}{'CPU ms':>8}{'p50 ms':>8}{'truy vấn':>10}{'CPU ×':>8}{'p50 ×':>8}"
        "  mục tiêu, so với trang trống / ghi nhỏ nhất"
    )
    for name, (cpu, wall, count) in got.items():
        line = f"{name:<40}{cpu:>8.1f}{wall:>8.1f}{count:>10}"
        if name in compared:
            base, words, most = compared[name]
            ratio = cpu / got[base][0]
            verdict = "" if most is None else "  đạt" if ratio <= most else "  CHƯA ĐẠT"
            line += f"{ratio:>8.2f}{wall / got[base][1]:>8.2f}  {words}{verdict}"
        local.say(line)
    local.say(
        f"Tính lại cả bộ bằng {got[whole][0] / got[office_empty][0]:.2f} lần một trang trống, "
        f"{got[whole][0] / got[arithmetic][0]:.2f} lần riêng phần số học của nó."
    )
    return application, writers


def trying(person, application):
    """The what-if page computing one changed figure, as its script asks for it."""
    from django.urls import reverse

    page = checked(person, application, reverse("what_if"))()
    action, fields = form_of(page, "what-if")
    figure = next(name for name, value in fields.items() if value.isdecimal() and int(value) > 1)
    most = int(fields[figure])
    state = {"less": 0}

    def next_form():
        state["less"] = (state["less"] + 1) % most
        return {**fields, figure: str(most - state["less"])}

    return checked(person, application, action, next_form, HTTP_HX_REQUEST="true")


def recomputation():
    """Jobs: the reports of the period read; the whole set computed from them; its arithmetic alone."""
    from django.utils import timezone

    from plans.models import Period
    from scoring.inputs import read_inputs
    from scoring.scorecards import card_of, set_for
    from tasks.models import Report

    running = Period.objects.running(timezone.localdate()).filter(kind=Period.FINAL)
    period = running.select_related("plan__agency").latest("year")
    criteria_set = set_for(period.plan.agency, period.year)
    assert criteria_set is not None  # the demo has one
    inputs = read_inputs(period, criteria_set)
    leaves = sum(node.is_leaf for node in inputs.nodes)
    count = Report.objects.filter(period=period).count()
    local.say(f"Bộ tiêu chí: {leaves} tiêu chí; kỳ {period}: {count} báo cáo.")
    return (
        lambda: list(Report.objects.filter(period=period)),
        lambda: card_of(read_inputs(period, criteria_set)),
        lambda: card_of(inputs),
    )


# -- Eight at once ----------------------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, server):
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    raise local.Problem("máy chủ web của phép đo không khởi động được.")


def save_many(port, person, action, fields, failures, times):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Cookie": person.cookie,
        "X-CSRFToken": CSRF,
        "X-Autosave": "1",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    text = next(name for name in fields if name in {"text", "difficulties"})
    for number in range(SAVES):
        form = {**fields, text: f"{person.user.email} lưu lần {number}"}
        started = time.perf_counter()
        try:
            connection.request("POST", action, urllib.parse.urlencode(form), headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))
            connection.close()
            continue
        times.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            failures.append(f"{answer.status} {body[:200].decode(errors='replace')}")
            continue
        fields["version"] = str(json.loads(body)["version"])


def writers_at_once(application, writers):
    """The number of failures, and whether every save is there afterwards."""
    from django.urls import reverse

    from tasks.models import Report

    port = free_port()
    command = [str(local.PYTHON), "-m", "gunicorn", "cchc_tracker.wsgi", "--bind"]
    command += [f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "1"]
    command += ["--threads", "8", "--log-level", "error"]
    jobs = []
    failures: list[str] = []
    times: list[float] = []
    for user, report in writers[:WRITERS]:
        person = Person(user)
        action, fields = form_of(
            checked(person, application, reverse("report_form", args=[report.pk]))()
        )
        jobs.append((person, action, fields, report.pk, int(fields["version"])))
    server = subprocess.Popen(command, cwd=local.ROOT)
    try:
        wait_for(port, server)
        threads = [
            threading.Thread(target=save_many, args=(port, person, action, fields, failures, times))
            for person, action, fields, _, _ in jobs
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()
    kept = sum(Report.objects.get(pk=pk).version - before for _, _, _, pk, before in jobs)
    wanted = len(jobs) * SAVES
    for failure in failures[:5]:
        local.say(f"  {failure}")
    good = not failures and kept == wanted and len(jobs) == WRITERS
    local.say(
        f"\n{len(jobs)} người cùng lưu, mỗi người {SAVES} lần: {len(failures)} lỗi, {kept}/{wanted} lần lưu còn đó, "
        f"p50 {statistics.median(times or [0]):.0f} ms, {wanted / took:.0f} lần/giây; mục tiêu 0 lỗi"
        f"  {'đạt' if good else 'CHƯA ĐẠT'}"
    )
    return good


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cchc-bench-") as folder:
        local.say("Tạo dữ liệu minh họa…")
        prepare(folder)
        application, writers = pages(options.rounds)
        return 0 if writers_at_once(application, writers) else 1


if __name__ == "__main__":
    local.speak_utf8()
    try:
        sys.exit(main(sys.argv[1:]))
    except local.Problem as problem:
        sys.exit(local.fail(problem))
