"""What the trail keeps of a draft that saves itself: small, told apart, and enough to go back (R12, R14)."""

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from report_office import Office, at

from accounts.models import AuditEntry
from tasks import services
from tasks.meanwhile import saved_since
from tasks.trimming import AROUND, SHORT, for_the_trail, restored, trimmed

WORDS = st.text(alphabet="ab…ế\n ", max_size=600)


@given(front=WORDS, back=WORDS, before=WORDS, after=WORDS)
def test_a_change_can_be_told_apart_and_undone(front, back, before, after):
    old, new = front + before + back, front + after + back
    change = trimmed(old, new)
    assert restored(new, change) == old
    if old != new:
        assert change[0] != change[1]
    for text, kept, typed in ((old, change[0], before), (new, change[1], after)):
        assert len(kept) <= max(len(text), SHORT)
        assert len(kept) <= max(len(typed), SHORT) + 2 * AROUND + 2


def test_a_word_in_a_long_text_is_kept_with_what_stands_around_it():
    text = "Đã tổ chức tập huấn cho công chức. " * 100
    change = trimmed(text + "Hết.", text + "Xong.")
    assert change[0].startswith("…")
    assert change[0].endswith("công chức. Hết.")
    assert change[1].endswith("công chức. Xong.")
    assert len(change[0]) < 60


def test_of_what_was_not_understood_only_what_differs_is_kept():
    before = {"text": "ă" * 30_000, "a1-amount": "ba"}
    after = {"text": "ă" * 30_001, "a1-amount": "ba", "a2-amount": "tư"}
    kept = for_the_trail({"unread": [before, after], "1.1-a": [None, "9"]}, ("text",))
    assert kept["1.1-a"] == [None, "9"]
    assert kept["unread"][0].keys() == {"text"}
    assert kept["unread"][1].keys() == {"text", "a2-amount"}
    assert len(kept["unread"][1]["text"]) < 100


@pytest.mark.django_db
def test_many_saves_of_a_long_draft_stay_small_and_the_second_editor_still_sees_what_is_theirs():
    text = "Kết quả sáu tháng đầu năm của đơn vị. " * 200
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        office = Office()
        report = office.save(text=text)
        for n in range(20):
            report = office.save(report, text=f"{text}{'x' * n}.")
        rows = AuditEntry.objects.filter(action=services.SAVED).order_by("id")
        assert rows.count() == 21
        sizes = [len(str(row.changes)) for row in rows]
        assert sizes[0] > len(text)  # typed at once: whole
        assert max(sizes[1:]) < 250
        assert saved_since(report, 1).before["text"] == text
        assert saved_since(report, 11).before["text"] == f"{text}{'x' * 9}."
