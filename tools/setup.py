#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Set the project up: ``.venv`` with the pinned packages, the front-end files, the static files.

    python3 tools/setup.py [--dev] [--run]

``--dev`` adds what tests and lint need; ``--run`` looks first whether the port and the data folder
are free to use. Every step leaves a stamp, so a second run takes under a second. The steps are in
``install.py``; this file is readable for any Python, so that an old one can say that it is too old.
"""

from __future__ import print_function, unicode_literals

import os
import subprocess
import sys

AT_LEAST = (3, 11)


def newer_python():
    """Another Python of this machine that is new enough, or None."""
    for minor in range(19, AT_LEAST[1] - 1, -1):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, "python3.%d" % minor)  # noqa: PTH118 - old Pythons read this
            if os.access(path, os.X_OK):
                with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - old Pythons read this
                    if subprocess.call([path, "-c", ""], stdout=nowhere, stderr=nowhere) == 0:
                        return path
    return None


if sys.version_info < AT_LEAST:
    newer = newer_python()
    if newer:
        os.execv(newer, [newer] + sys.argv)  # noqa: S606, RUF005 - no shell is wanted; old syntax
    message = (
        "LỖI: cần Python 3.11 trở lên, máy này đang dùng Python %d.%d (%s); cài bản mới rồi chạy lại, ví dụ: make run PYTHON=python3.11\n"
        % (
            sys.version_info[0],
            sys.version_info[1],
            sys.executable,
        )
    )
    os.write(2, message.encode("utf-8"))
    sys.exit(1)

import install  # noqa: E402 - only a Python that is new enough can read it

sys.exit(install.run(sys.argv[1:]))
