"""What an answer may be (R7, R7a): each refusal names its field and why; whatever is typed, nothing breaks."""

import contextlib
import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.text import read_day
from plans.numbers import NotANumber, read_number, show_number
from plans.targets import Kind
from tasks.answer_forms import FIELDS, LONGEST, TEXT_LIMIT, read_form
from tasks.answers import LABELS, PARTS, Draft, missing, problems

TODAY = dt.date(2019, 11, 13)
figures = st.decimals(0, Decimal("99999999999999"), places=4)


def indicator(kind="ratio", pk=1, **columns):
    return SimpleNamespace(pk=pk, kind=kind, may_exceed=False, **columns)


def read(kind="ratio", may_exceed=False, **typed):
    asked = indicator(kind)
    asked.may_exceed = may_exceed
    return read_form({f"a1-{name}": text for name, text in typed.items()}, [asked], today=TODAY)


@pytest.mark.parametrize(
    ("typed", "figure"),
    [
        ("12", "12"),
        ("9,8", "9.8"),
        ("9.8", "9.8"),
        ("1.234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1.234", "1234"),
        ("0.500", "0.5"),
        (" 12 ", "12"),
        ("1\u00a0234,5", "1234.5"),  # no-break space, as Word writes it
        ("1\u202f234", "1234"),
        ("1 234 567", "1234567"),
        ("\uff11\uff12", "12"),  # full-width digits
        ("\u300012\u3000", "12"),
        ("0,0001", "0.0001"),
    ],
)
def test_figures_are_read_as_officials_type_them(typed, figure):
    found = read("amount", amount=typed)
    assert found.errors == {}
    assert found.content.answers[1].amount == Decimal(figure)


@pytest.mark.parametrize(
    "typed", ["hai", "12a", "1,2,3", "12 5", "1.23.456", "NaN", "1e5", "--1", "½", "٣", "1/2", "%"]
)
def test_what_is_no_number_is_said_and_kept(typed):
    found = read("amount", amount=typed)
    assert found.errors["a1-amount"].startswith(f"Giá trị «{typed}» không phải là số")
    assert found.content.unread == {"a1-amount": typed}
    assert found.content.answers == {}


@pytest.mark.parametrize(
    ("kind", "typed", "field", "words"),
    [
        ("amount", {"amount": "-5"}, "amount", "Giá trị -5 là số âm"),
        ("amount", {"amount": "−5"}, "amount", "Giá trị -5 là số âm"),
        ("count", {"amount": "-5"}, "amount", "Số lượng -5 là số âm"),
        ("count", {"amount": "2,5"}, "amount", "Số lượng 2,5 phải là số nguyên"),
        ("amount", {"amount": "1,23456"}, "amount", "có quá 4 chữ số sau dấu phẩy"),
        ("amount", {"amount": "9" * 20}, "amount", "lớn quá mức ghi nhận được"),
        ("amount", {"amount": "9" * 5000}, "amount", "dài quá 40 ký tự"),
        (
            "ratio",
            {"numerator": "12", "denominator": "10"},
            "numerator",
            "Tử số 12 lớn hơn mẫu số 10",
        ),
        (
            "ratio",
            {"numerator": "1", "denominator": "0"},
            "denominator",
            "Mẫu số là 0 mà tử số là 1",
        ),
        ("ratio", {"numerator": "-1", "denominator": "9"}, "numerator", "Tử số -1 là số âm"),
        ("date", {"day": "14/11/2019"}, "day", "Ngày 14/11/2019 ở sau ngày hôm nay (13/11/2019)"),
        ("date", {"day": "31/02/2019"}, "day", "Ngày «31/02/2019» không đúng"),
        ("date", {"day": "1/1/0019"}, "day", "quá xa trong quá khứ"),
        ("date", {"day": "1/1/99999999999"}, "day", "không đúng"),
        ("document", {"issued_on": "14/11/2019"}, "issued_on", "Ngày ban hành 14/11/2019 ở sau"),
        ("document", {"number": "x" * 61}, "number", "Số, ký hiệu dài quá 60 ký tự"),
        (
            "boolean",
            {"state": "not_ours", "reason": "x" * 501},
            "reason",
            "Lý do dài quá 500 ký tự",
        ),
    ],
)
def test_what_cannot_be_right_names_the_field_and_why(kind, typed, field, words):
    found = read(kind, **typed)
    assert words in found.errors[f"a1-{field}"]
    assert found.content.answers == {}
    for name, text in typed.items():  # as typed, whole
        assert found.content.unread[f"a1-{name}"] == text


def test_a_part_may_exceed_the_whole_where_the_indicator_says_so():
    found = read("ratio", may_exceed=True, numerator="12", denominator="10")
    assert not found.errors
    assert found.content.answers[1].numerator == 12


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("19/11/2019", (2019, 11, 19)),
        ("1-2-2019", (2019, 2, 1)),
        ("01.02.2019", (2019, 2, 1)),
        ("2019-02-01", (2019, 2, 1)),
        ("1/2/19", (2019, 2, 1)),
        ("１/２/２０１９", (2019, 2, 1)),
        ("19 / 11 / 2019", (2019, 11, 19)),
    ],
)
def test_days_are_read_day_first(typed, day):
    assert read_day(typed) == dt.date(*day)


def test_a_document_half_typed_waits_without_being_wrong():
    found = read("document", number="12/KH")
    assert found.errors == {}
    assert found.content.unread == {"a1-number": "12/KH"}
    assert found.content.answers == {}


def test_not_arising_and_not_ours_need_a_reason_and_no_figure():
    found = read("ratio", state="not_arising", numerator="abc", reason="Không có hồ sơ")
    assert found.errors == {}
    draft = found.content.answers[1]
    assert (draft.state, draft.numerator, draft.reason) == ("not_arising", None, "Không có hồ sơ")
    assert missing(draft, kind=Kind.RATIO) == []
    assert missing(Draft(state="not_ours", reason=" "), kind=Kind.COUNT) == [
        ("reason", "cần nêu lý do.")
    ]


def test_only_documents_and_days_can_be_not_issued():
    assert missing(Draft(state="missing"), kind=Kind.DOCUMENT) == []
    assert missing(Draft(state="missing"), kind=Kind.RATIO)
    assert read("count", state="missing", amount="3").content.answers[1].state == "given"
    assert read("date", state="missing").content.answers[1].state == "missing"


def test_zero_of_zero_asks_for_not_arising():
    draft = Draft(numerator=Decimal(0), denominator=Decimal(0))
    ((field, words),) = missing(draft, kind=Kind.RATIO)
    assert field == "denominator"
    assert "Không phát sinh" in words


def test_a_text_too_long_is_named_and_kept_whole():
    found = read_form({"text": "a" * (TEXT_LIMIT + 1)}, [], today=TODAY)
    assert "20.001 ký tự" in found.errors["text"]
    assert len(found.content.text) == TEXT_LIMIT
    assert len(found.content.unread["text"]) == TEXT_LIMIT + 1
    # Line breaks arrive as two characters and count as one.
    lines = "\r\n".join(["a" * 99] * 200)
    assert read_form({"text": lines}, [], today=TODAY).errors == {}


@given(figures)
def test_a_number_shown_is_read_back(figure):
    assert read_number(show_number(figure)) == figure


@given(st.text(max_size=60))
def test_reading_a_number_gives_a_number_or_says_so(text):
    with contextlib.suppress(NotANumber):
        assert read_number(text).is_finite()


@given(
    st.sampled_from([str(kind) for kind in Kind]),
    st.dictionaries(
        st.sampled_from(["state", "reason", *LABELS]),
        st.text(max_size=80) | st.from_regex(r"-?\d{1,20}([.,]\d{1,6})?", fullmatch=True),
    ),
)
def test_whatever_is_typed_is_an_answer_or_kept_with_its_reason(kind, typed):
    found = read(kind, **typed)
    answered, unread = 1 in found.content.answers, bool(found.content.unread)
    assert not (answered and unread)
    assert not (answered and found.errors)
    assert all(words and name.startswith("a1-") for name, words in found.errors.items())
    if answered:
        draft = found.content.answers[1]
        assert problems(draft, kind=kind, may_exceed=False, today=TODAY) == {}
        assert all(len(getattr(draft, name)) <= limit for name, limit in LONGEST.items())


@given(
    st.sampled_from([str(kind) for kind in Kind]),
    st.builds(
        Draft,
        numerator=st.none() | st.decimals(-10, 10**15, places=5),
        denominator=st.none() | st.decimals(-10, 10**15, places=5),
        amount=st.none() | st.decimals(-10, 10**15, places=5),
        day=st.none() | st.dates(),
        issued_on=st.none() | st.dates(),
        holds=st.none() | st.booleans(),
    ),
)
def test_faults_are_of_known_fields_and_what_is_stored_is_sound(kind, draft):
    faults = problems(draft, kind=kind, may_exceed=False, today=TODAY)
    assert set(faults) <= set(LABELS)
    if not faults:
        for figure in (draft.numerator, draft.denominator, draft.amount):
            assert figure is None or (figure >= 0 and round(figure, 4) == figure)
        if kind == Kind.RATIO and draft.numerator is not None and draft.denominator is not None:
            assert draft.numerator <= draft.denominator
        assert all(day is None or day <= TODAY for day in (draft.day, draft.issued_on))
    assert {name for name, _ in missing(draft, kind=kind)} <= {name for name, _ in PARTS[kind]}


def test_every_kind_has_its_fields_and_its_words():
    assert set(FIELDS) == set(PARTS) == set(Kind)
    for kind in Kind:
        assert set(FIELDS[kind]) == {name for name, _ in PARTS[kind]}
