"""Pin every package with its hashes: ``requirements/*.in`` → ``requirements.txt``, ``requirements/*.txt``.

    make lock [UPGRADE=1]

Needs uv. Versions stay as they are unless the ``.in`` file asks for another or UPGRADE is set.
"""

import os
import shutil
import subprocess
import sys

import local

LOCKS = (  # in this order: dev takes the versions of runtime
    ("requirements/runtime.in", "requirements.txt"),
    ("requirements/dev.in", "requirements/dev.txt"),
    ("requirements/setup.in", "requirements/setup.txt"),
)


def main():
    uv = shutil.which("uv")
    if not uv:
        raise local.Problem("cần uv để ghim phiên bản (pip install uv).")
    for source, target in LOCKS:
        # Universal: one file for every system; no header: it would name the index.
        command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-header", "--no-emit-index-url", "-o", target, source]
        command += ["--upgrade"] if os.environ.get("UPGRADE") else []
        subprocess.run(command, cwd=local.ROOT, check=True, stdout=subprocess.DEVNULL)
        local.say(target)


if __name__ == "__main__":
    local.speak_utf8()
    try:
        main()
    except local.Problem as problem:
        sys.exit(local.fail(problem))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
