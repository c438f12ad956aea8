"""Whether one of the programs works, by exit code: for docker-compose.yml and any other watcher.

python tools/healthy.py web|worker|beat
"""

import http.client
import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

BEAT_SILENCE = 900  # seconds: beat writes its schedule down every three minutes


def web():
    """/healthz, which asks the database too, by the name the settings allow."""
    port = int(os.environ.get("HEALTH_PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
    host = urlsplit(os.environ.get("SITE_URL", "")).hostname or "127.0.0.1"
    connection.request("GET", "/healthz", headers={"Host": host})
    return connection.getresponse().status == 200


def worker():
    """The worker of this container answers through the broker."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from cchc_tracker.celery import app

    name = f"celery@{socket.gethostname()}"
    return bool(app.control.ping(destination=[name], timeout=10))


def beat():
    folder = Path(os.environ.get("VAR_DIR", "var"))
    times = [path.stat().st_mtime for path in folder.glob("beat-schedule*")]
    return bool(times) and time.time() - max(times) < BEAT_SILENCE


def main(arguments):
    check = {"web": web, "worker": worker, "beat": beat}.get(arguments[0] if arguments else "")
    if check is None:
        print("web, worker or beat?", file=sys.stderr)
        return 2
    try:
        return 0 if check() else 1
    except Exception as error:  # each client has errors of its own; all mean the same here
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
