"""Vietnamese text: one spelling, search without diacritics, order of words and of people's names (R35a)."""

import itertools
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from accounts.text import clean, clean_paragraphs, fold, person_sort_key, sort_key

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
FULL = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # ngang huyền hỏi ngã sắc nặng
VOWELS = "aăâeêioôơuưy"
syllables = st.builds(
    lambda first, vowel, tone, last: unicodedata.normalize("NFC", first + vowel + tone + last),
    st.sampled_from(["", *"bcdđghklmnpqrstvx", "ng", "ph", "th", "tr"]),
    st.sampled_from(VOWELS),
    st.sampled_from(TONES),
    st.sampled_from(["", "c", "m", "n", "ng", "nh", "p", "t"]),
)
names = st.lists(syllables, min_size=1, max_size=4).map(lambda words: " ".join(words).title())


def in_order(words):
    keys = [sort_key(word) for word in words]
    return all(one < two for one, two in itertools.pairwise(keys))


# -- Cleaning -----------------------------------------------------------------------------------


@given(st.text())
def test_cleaning_is_done_once(text):
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(c) == "Cc" for c in once)
    assert once == once.strip()
    assert "  " not in once


@given(st.text())
def test_both_spellings_of_the_same_letters_are_cleaned_alike(text):
    assert clean(unicodedata.normalize("NFD", text)) == clean(unicodedata.normalize("NFC", text))


def test_white_space_and_control_characters():
    assert clean("  Phòng\u00a0Tổ\tchức\r\n\x00cán  bộ ") == "Phòng Tổ chức cán bộ"
    assert clean_paragraphs("Một \r\n\r\n\r\n\r\nHai\rBa  ") == "Một\n\nHai\nBa"


@given(st.text())
def test_cleaning_paragraphs_is_done_once(text):
    once = clean_paragraphs(text)
    assert clean_paragraphs(once) == once
    assert "\n\n\n" not in once


# -- Searching ----------------------------------------------------------------------------------


def test_search_knows_no_diacritics():
    assert fold("Đặng Thị ƯỚC") == fold("dang thi uoc") == "dang thi uoc"
    assert fold("Kế hoạch số 12/KH-SGDĐT") == "ke hoach so 12/kh-sgddt"


@given(names)
def test_any_name_is_found_typed_without_marks_in_any_case_and_either_spelling(name):
    folded = fold(name)
    assert folded.isascii()
    assert fold(name.upper()) == folded
    assert fold(unicodedata.normalize("NFD", name)) == folded
    assert fold(folded) == folded
    assert len(folded) == len(name)


# -- Order --------------------------------------------------------------------------------------


def test_the_alphabet_in_order():
    assert in_order(LETTERS)


def test_letters_come_before_tones():
    assert in_order(["Dao", "Đào", "Đặng"])
    assert in_order(["Dao", "Dũng", "Đào", "Đặng", "Đinh"])
    assert in_order(["Oanh", "Ông", "Ơn"])
    assert in_order(["ma", "mà", "mả", "mã", "má", "mạ", "man", "mạn", "măn", "mân"])
    assert in_order(["An", "Ân", "Bình"])
    assert in_order(["Hoa", "Hoà", "Hoan"])


@given(st.lists(names, min_size=2, max_size=8))
def test_the_order_is_the_same_for_either_spelling_and_any_case(words):
    expected = sorted(words, key=sort_key)
    decomposed = sorted((unicodedata.normalize("NFD", w) for w in words), key=sort_key)
    assert [unicodedata.normalize("NFC", w) for w in decomposed] == expected
    assert [sort_key(w.upper()) for w in words] == [sort_key(w) for w in words]


def without_tones(word):
    marks = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(c for c in marks if c not in TONES[1:]))


@given(names, names)
def test_tones_decide_only_between_equal_letters(one, two):
    plain = [without_tones(name).casefold() for name in (one, two)]
    if plain[0] != plain[1]:
        # A second implementation: the alphabet written out, space first.
        order = [[(" " + FULL).index(c) for c in name] for name in plain]
        assert (sort_key(one) < sort_key(two)) == (order[0] < order[1])


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(one, two):
    assert (sort_key(one) < sort_key(two)) + (sort_key(two) < sort_key(one)) <= 1


def test_people_are_listed_by_given_name():
    people = ["Nguyễn Văn Cường", "Trần Thị Ân", "Lê An", "Đỗ Văn An", "Đặng Thị Bình", "Dương An"]
    assert sorted(people, key=person_sort_key) == [
        "Dương An",
        "Đỗ Văn An",
        "Lê An",
        "Trần Thị Ân",
        "Đặng Thị Bình",
        "Nguyễn Văn Cường",
    ]
    assert sorted(["An", "", "  "], key=person_sort_key)[-1] == "An"


@given(st.text(), st.text())
def test_any_two_names_can_be_compared(one, two):
    assert (person_sort_key(one) < person_sort_key(two)) + (
        person_sort_key(two) < person_sort_key(one)
    ) <= 1
