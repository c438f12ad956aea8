"""Every kind of rule says itself in plain words; the figures in them are the rule's own."""

from decimal import Decimal

import pytest

from plans.targets import Kind, Target
from scoring.rules import BY_TYPE, Leaf, describe, parse_rule

TARGETS = {
    "a": Target(kind=Kind.RATIO, op=">=", at=Decimal(90), counted="báo cáo"),
    "b": Target(kind=Kind.COUNT, counted="hình thức"),
    "c": Target(kind=Kind.DOCUMENT),
    "d": Target(kind=Kind.BOOLEAN),
}
CASES = [
    ({"type": "boolean", "all_of": ["d"]}, "Có thực hiện: 2 điểm; không: 0 điểm"),
    ({"type": "boolean", "all_of": ["c"]}, "Đã ban hành: 2 điểm; chưa ban hành: 0 điểm"),
    (
        {"type": "boolean", "all_of": ["a"]},
        "Đạt mức đặt ra trong kế hoạch: 2 điểm; không đạt: 0 điểm",
    ),
    ({"type": "boolean", "all_of": ["c", "d"]}, "Có đủ c, d: 2 điểm; thiếu một: 0 điểm"),
    (
        {
            "type": "date",
            "indicator": "c",
            "due": {"quarter": 2, "year_offset": -1},
            "on_time": "2",
            "late": "0.5",
            "missing": "-1",
        },
        "Ban hành trong quý II năm trước: 2 điểm; sau hạn: 0,5 điểm; không có: −1 điểm",
    ),
    (
        {"type": "date", "indicator": "c", "on_time": "2", "late": "1", "missing": "0"},
        "Ban hành đúng hạn của chỉ tiêu: 2 điểm; sau hạn: 1 điểm; không có: 0 điểm",
    ),
    (
        {"type": "ratio", "indicator": "a", "floor": "80", "full": "100"},
        "Từ 80% đến 100%: tính theo tỷ lệ, đủ 100% được 2 điểm; dưới 80%: 0 điểm",
    ),
    (
        {"type": "ratio", "indicator": "a", "floor": "30", "full": "95.5"},
        "Từ 30% đến 95,5%: tính theo tỷ lệ; từ 95,5%: 2 điểm; dưới 30%: 0 điểm",
    ),
    (
        {"type": "ratio", "indicator": "a", "floor": "80", "full": "80"},
        "Từ 80%: 2 điểm; dưới 80%: 0 điểm",
    ),
    ({"type": "ratio", "indicator": "a", "full": "100"}, "Tính theo tỷ lệ; từ 100%: 2 điểm"),
    (
        {
            "type": "tiers",
            "indicator": "a",
            "tiers": [
                {"op": ">", "at": "10", "points": "2"},
                {"op": ">=", "at": "5", "points": "0.75"},
                {"op": "=", "at": "4", "points": "0.5"},
                {"op": "<=", "at": "3", "points": "0.1"},
                {"op": "<", "at": "1", "points": "0"},
            ],
            "otherwise": "-0.5",
        },
        "Trên 10%: 2 điểm; từ 5% trở lên: 0,75 điểm; đúng 4%: 0,5 điểm; từ 3% trở xuống: 0,1 điểm; "
        "dưới 1%: 0 điểm; còn lại: −0,5 điểm",
    ),
    (
        {
            "type": "tiers",
            "indicator": "b",
            "tiers": [{"op": ">=", "at": "3", "points": "2"}],
            "otherwise": "0",
        },
        "Từ 3 trở lên: 2 điểm; còn lại: 0 điểm",
    ),
    (
        {"type": "count", "indicators": ["b"], "each": "0.5"},
        "Mỗi hình thức: 0,5 điểm, tối đa 2 điểm",
    ),
    (
        {"type": "count", "indicators": ["b", "d"], "each": "-0.25"},
        "Mỗi đơn vị, mỗi việc đạt của b, d: −0,25 điểm, thấp nhất −1 điểm",
    ),
    (
        {
            "type": "deduction",
            "start": "2",
            "events": [
                {"indicator": "a", "count": "shortfall", "points": "0.5"},
                {"indicator": "b", "count": "value", "points": "0.1"},
            ],
        },
        "Bắt đầu từ 2 điểm; mỗi báo cáo còn thiếu (a) trừ 0,5 điểm; mỗi hình thức (b) trừ 0,1 điểm; "
        "thấp nhất −1 điểm",
    ),
    (
        {"type": "target", "indicator": "a"},
        "Đạt mức đặt ra trong kế hoạch: 2 điểm; không đạt: 0 điểm",
    ),
    ({"type": "manual"}, "Văn phòng Sở chấm, kèm giải trình"),
]


@pytest.mark.parametrize(
    ("rule", "words"), CASES, ids=[f"{r['type']}-{n}" for n, (r, _) in enumerate(CASES)]
)
def test_a_rule_says_itself(rule, words):
    leaf = Leaf(Decimal(2), 2019, Decimal(-1))
    assert describe(parse_rule(rule), leaf, TARGETS) == words


def test_every_kind_is_among_them_and_speaks_also_of_indicators_that_left():
    assert {rule["type"] for rule, _ in CASES} == set(BY_TYPE)
    for rule, _ in CASES:
        assert describe(parse_rule(rule), Leaf(Decimal(2), 2019), {})
