"""The workbook's sheets, rows and columns, and their words. Writer and reader both go by this.

The columns of rules come from what each kind of rule asks for (``RuleBase.asks``), so a new kind brings
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.models import CriteriaSet, Criterion
from scoring.rules import BY_TYPE
from scoring.rules.asking import Ask, Shape

ABOUT, CRITERIA, HELP, EXAMPLES = "Thông tin chung", "Tiêu chí", "Hướng dẫn", "Ví dụ"
YES, NO = "Có", "Không"
TOP = "Lĩnh vực"  # in «Thuộc mã» of a field
QUARTER, YEAR = "due.quarter", "due.year_offset"
CODES = "codes"  # the indicators of any kind of rule
YEARS = {0: "năm chấm", -1: "năm trước", 1: "năm sau", -2: "hai năm trước"}
POLICIES = dict(CriteriaSet.POLICIES)
# «Cách tính điểm»: the kinds of rules and the survey, which has none.
KINDS = {name: rule.title for name, rule in BY_TYPE.items()} | {
    Criterion.SURVEY: "Điều tra xã hội học"
}


@dataclass(frozen=True)
class Item:
    """One row of «Thông tin chung»: the path in the data, its label and what to write there."""

    path: tuple[str, ...]
    label: str
    help: str


ITEMS = (
    Item(("code",), "Mã bộ tiêu chí", "Ngắn, không dấu cách, ví dụ: CCHC-2020."),
    Item(("name",), "Tên bộ tiêu chí", "Tên đầy đủ theo quyết định."),
    Item(("valid_from",), "Áp dụng từ năm", "Ví dụ: 2020."),
    Item(("decision", "number"), "Số quyết định", "Ví dụ: 2319/QĐ-UBND. Để trống nếu chưa có."),
    Item(("decision", "issued_on"), "Ngày quyết định", "Ví dụ: 05/09/2019."),
    Item(("decision", "issuer"), "Cơ quan ban hành", "Ví dụ: UBND tỉnh."),
    Item(("sample",), "Bộ minh họa", f"{YES} hoặc {NO}. Để trống là {NO}."),
    Item(
        ("previous",),
        "Kế thừa từ bộ",
        "Mã của bộ tiêu chí trước trên hệ thống, nếu có đối chiếu mã.",
    ),
    Item(
        ("not_applicable",),
        "Tiêu chí không áp dụng",
        "Một trong: " + "; ".join(POLICIES.values()) + ". Để trống là cách đầu tiên.",
    ),
    Item(
        ("adjustments", "bonus_cap"),
        "Điểm thưởng tối đa",
        "Để trống nếu quyết định không quy định.",
    ),
    Item(
        ("adjustments", "penalty_cap"), "Điểm trừ tối đa", "Để trống nếu quyết định không quy định."
    ),
    Item(
        ("bands",),
        "Xếp loại",
        "Mỗi mức một dòng trong ô, mức cao trước, ví dụ: >= 90: Tốt",
    ),
)


@dataclass(frozen=True)
class Heading:
    """One column of «Tiêu chí». ``ask``: the field of a rule that stands in it."""

    key: str
    heading: str
    width: float
    help: str
    ask: Ask | None = None


BEFORE = (
    Heading("code", "Mã", 9, "Mỗi dòng một mã, không trùng nhau, ví dụ: 1; 1.1; 1.1.1."),
    Heading(
        "parent",
        "Thuộc mã",
        10,
        f"Mã của dòng cấp trên; lĩnh vực ghi «{TOP}». Để trống thì suy từ mã: 1.1.1 thuộc 1.1.",
    ),
    Heading("name", "Tên", 42, "Tên lĩnh vực, tiêu chí hoặc tiêu chí thành phần."),
    Heading(
        "max",
        "Điểm tối đa",
        9,
        "Bắt buộc ở dòng chấm điểm. Ở dòng cấp trên có thể để trống; nếu ghi thì phải bằng tổng các dòng con.",
    ),
    Heading("min", "Điểm tối thiểu", 9, "Chỉ ghi khi dưới 0, ví dụ: -1."),
    Heading(
        "kind",
        "Cách tính điểm",
        18,
        "Chọn trong danh sách, chỉ ở dòng chấm điểm; xem từng cách ở bên dưới.",
    ),
)
AFTER = (
    Heading(
        "scale", "Thang điểm của quyết định", 34, "Nguyên văn thang điểm trong quyết định của tỉnh."
    ),
    Heading("evidence", "Tài liệu kiểm chứng", 26, "Mỗi tài liệu một dòng trong ô (Alt+Enter)."),
    Heading(
        "old_codes",
        "Mã ở bộ trước",
        10,
        "Các mã tương ứng trong bộ tiêu chí trước, cách nhau bằng dấu phẩy.",
    ),
    Heading("note", "Ghi chú", 20, "Tùy ý; hệ thống không đọc cột này."),
)
# What the fields of rules are called here; a kind of rule that brings others shows its own label.
RULE_WORDS = {
    CODES: ("Chỉ tiêu", 12, "Mã chỉ tiêu trong kế hoạch; nhiều mã cách nhau bằng dấu phẩy."),
    QUARTER: ("Hạn: hết quý", 7, "1, 2, 3 hoặc 4. Để trống thì theo hạn của chỉ tiêu."),
    YEAR: ("Hạn: năm", 10, "năm chấm, năm trước, năm sau; hoặc số năm lệch, ví dụ: -1."),
    "on_time": ("Điểm đúng hạn", 8, "Điểm khi ban hành đúng hạn."),
    "late": ("Điểm muộn hạn", 8, "Điểm khi ban hành sau hạn."),
    "missing": ("Điểm khi không có", 8, "Điểm khi không ban hành."),
    "full": ("Đủ điểm từ (%)", 8, "Tỷ lệ phần trăm từ đó được điểm tối đa, thường là 100."),
    "floor": ("Mức sàn (%)", 8, "Dưới tỷ lệ này được 0 điểm. Để trống nếu không có."),
    "tiers": (
        "Các mức",
        16,
        "Mỗi mức một dòng trong ô: so sánh, ngưỡng, dấu hai chấm, điểm; mức cao trước. Ví dụ: >= 100: 2",
    ),
    "otherwise": ("Điểm còn lại", 8, "Điểm khi không thuộc mức nào."),
    "each": ("Điểm mỗi đơn vị", 8, "Điểm cho mỗi việc, mỗi sản phẩm đếm được."),
    "start": ("Điểm bắt đầu", 8, "Điểm trước khi trừ."),
    "events": (
        "Các trường hợp bị trừ",
        20,
        "Mỗi trường hợp một dòng trong ô: chỉ tiêu, «thiếu» (mẫu số trừ tử số) hoặc «số lượng», "
        "dấu hai chấm, điểm trừ. Ví dụ: 1.1-d thiếu: 0,5",
    ),
}
INDICATOR_SHAPES = frozenset({Shape.INDICATOR, Shape.INDICATORS})


def keys_of(ask: Ask) -> tuple[str, ...]:
    """The columns in which a field of a rule stands."""
    if ask.shape in INDICATOR_SHAPES:
        return (CODES,)
    return (QUARTER, YEAR) if ask.shape is Shape.DUE else (ask.name,)


def _rule_headings() -> tuple[Heading, ...]:
    found: dict[str, Heading] = {}
    for rule in BY_TYPE.values():
        for ask in rule.asks:
            for key in keys_of(ask):
                heading, width, help_text = RULE_WORDS.get(key, (ask.label, 10, ask.help))
                found.setdefault(key, Heading(key, heading, width, help_text, ask))
    # What every kind may have comes first.
    return tuple(sorted(found.values(), key=lambda heading: heading.key != CODES))


RULES = _rule_headings()
HEADINGS = (*BEFORE, *RULES, *AFTER)
BY_KEY = {heading.key: heading for heading in HEADINGS}
NEEDED = ("code", "name", "max", "kind")  # without these columns nothing can be read
LEAF_ONLY = ("min", "kind", *(h.key for h in RULES), "scale", "evidence")


def used_by(kind: str) -> frozenset[str]:
    """The columns of rules that a kind of rule reads."""
    rule = BY_TYPE.get(kind)
    return frozenset(key for ask in (rule.asks if rule else ()) for key in keys_of(ask))
