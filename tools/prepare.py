"""Bring the database up to date and, where it is empty and embedded, make the demo office.

    .venv/bin/python tools/prepare.py

Called by ``tools/run.py``. The last line on standard output is JSON: ``{"accounts": [[role, e-mail,
password], …]}``, empty unless the office is the demo's.
"""

import json
import os
import sys

import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cchc_tracker.settings")
sys.path.insert(0, str(local.ROOT))


def demo_accounts():
    from accounts.views import DEMO_PASSWORD, demo_accounts

    return [[user.roles_text, user.email, DEMO_PASSWORD] for user in demo_accounts()]


def main():
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from accounts.models import Agency

        # Never into a database that somebody set up on purpose, however empty.
        if settings.EMBEDDED and not Agency.objects.exists():
            call_command("seed_demo", stdout=sys.stderr)
        print(json.dumps({"accounts": demo_accounts()}))
    except ImproperlyConfigured as error:
        return local.fail(error)
    except CommandError as error:
        return local.fail(f"không tạo được dữ liệu minh họa: {error}")
    except (DatabaseError, OSError) as error:
        return local.fail(f"không dùng được cơ sở dữ liệu: {str(error).splitlines()[0]}")
    return 0


if __name__ == "__main__":
    local.speak_utf8()
    sys.exit(main())
