"""Arguments of commands that several of them take, refused in Vietnamese."""

from __future__ import annotations

import argparse
import re


def year(text: str) -> int:
    """For ``type=`` of an argument."""
    if not re.fullmatch(r"[0-9]{4}", text):
        raise argparse.ArgumentTypeError(f"«{text[:60]}» không phải là năm, ví dụ 2019")
    return int(text)
