#!/usr/bin/env python3
"""Command line of the project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cchc_tracker.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Chưa cài đặt thư viện. Hãy chạy: make setup")
    from django.core.exceptions import ImproperlyConfigured

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a setting: its name is in the message
        sys.exit(f"LỖI cấu hình: {error}")


if __name__ == "__main__":
    main()
