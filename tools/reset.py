"""Throw the embedded installation's data away: database, mails, files, queue. Asks first.

make reset [YES=1]
"""

import fcntl
import shutil
import sys

import local
from local import Problem, say

# Only what the product makes: anything else somebody put there stays.
DATA = ("db.sqlite3*", "beat-schedule*", "broker", "files", "log", "mail")


def main():
    if not local.embedded():
        raise Problem("DATABASE_URL đang được đặt; lệnh này chỉ xóa dữ liệu của bản chạy tại chỗ.")
    var = local.var_dir()
    found = sorted(path for pattern in DATA for path in var.glob(pattern))
    if not found:
        say(f"Không có dữ liệu nào trong {var}.")
        return 0
    with (var / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Problem("hệ thống đang chạy; hãy dừng nó trước.") from error
        if local.setting("YES") not in ("1", "yes", "true"):
            say(f"Xóa toàn bộ dữ liệu trong {var}: {', '.join(path.name for path in found)}")
            try:
                answer = input("Không thể lấy lại. Gõ «xoa» để xóa: ")
            except EOFError:
                answer = ""
            if answer.strip().lower() not in ("xoa", "xóa", "xoá"):
                raise Problem("chưa xóa gì.")
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    say("Đã xóa. Lần «make run» tới sẽ tạo dữ liệu mới.")
    return 0


if __name__ == "__main__":
    local.speak_utf8()
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(local.fail(problem))
    except KeyboardInterrupt:
        sys.exit(local.fail("chưa xóa gì."))
    except OSError as error:
        sys.exit(local.fail(f"{error.filename}: {local.reason(error)}"))
