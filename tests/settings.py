"""Settings of the tests: those of the product, embedded in a folder of their own, without slow or outside parts.

The database is SQLite unless DATABASE_URL names another; Redis only where CELERY_BROKER_URL does.
"""

import atexit
import os
import shutil
import tempfile

os.environ["CCHC_IGNORE_DOTENV"] = "1"
if not os.environ.get("VAR_DIR"):
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="cchc-tests-")
    # Only by the process that made it: the tests start others that share it.
    atexit.register(
        lambda folder, owner: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True),
        os.environ["VAR_DIR"],
        os.getpid(),
    )
if os.environ.get("DATABASE_URL"):
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
    os.environ.setdefault("SITE_URL", "http://127.0.0.1:8000")
    os.environ.setdefault("EMAIL_URL", "memorymail://")
    os.environ.setdefault("DEFAULT_FROM_EMAIL", "CCHC Tracker <cchc@localhost>")
    os.environ.setdefault("CELERY_BROKER_URL", "memory://")

from cchc_tracker.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
STATIC_ROOT = writable(VAR_DIR / "static")  # noqa: F405 - there, so that whitenoise does not warn
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, not memory: threads and real processes then meet the locks that users meet.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
