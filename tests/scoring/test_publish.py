"""The published result: of our year, of years before, of other agencies; where that puts us."""

from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook
from sent_card import NOW, SentOffice, words

from accounts.models import Agency, AuditEntry
from scoring import publication
from scoring.models import Adjustment, PeerScore, Scorecard
from scoring.scorecards import compute
from scoring.what_if_looks import look_at

GOOD = {
    "published_index": "74,10",
    "published_rank": "11",
    "ranked_agencies": "21",
    "decision_number": "456/QĐ-UBND",
    "decision_issued_on": "05/01/2020",
}


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield SentOffice(tmp_path)


@pytest.fixture
def publish(client, office):
    def published(who="coordinator", **more):
        data = {**GOOD, "seen": office.card.state, **more}
        return office.go(client, "publication_form", office.card.pk, who=who, data=data)

    return published


def whole(office):
    """Every criterion has its final points, so that the card has an index."""
    for code, leaf in office.leaves.items():
        if leaf.is_survey:
            office.enter(code, survey=str(leaf.maximum / 2))
        else:
            office.enter(code, appraised=str(leaf.maximum / 2))
    office.state("appraised_2")


def test_it_is_written_after_the_second_round(client, office, publish):
    assert publish().status_code == 409
    assert "hoàn tất thẩm định lần 2" in words(
        office.go(client, "publication_form", office.card.pk)
    )
    whole(office)
    assert publish().status_code == 302
    office.card.refresh_from_db()
    assert office.card.state == "published"
    assert office.card.published_index == Decimal("74.1")
    assert (office.card.published_rank, office.card.ranked_agencies) == (11, 21)
    page = words(office.go(client, "publication_form", office.card.pk))
    assert "+24,10" in page  # half of each: 50 computed
    assert "456/QĐ-UBND ngày 05/01/2020" in page
    # Again: it is told, and nothing changes.
    assert publish(published_index="80").status_code == 409
    office.card.refresh_from_db()
    assert office.card.published_index == Decimal("74.1")


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("published_index", "", "Hãy ghi chỉ số"),
        ("published_index", "bảy mươi", "không phải là số"),
        ("published_index", "740", "thang 100"),
        ("published_index", "74,12345", "bốn chữ số thập phân"),
        ("published_rank", "22", "lớn hơn số cơ quan"),
        ("published_rank", "0", "từ 1 trở lên"),
        ("published_rank", "1,5", "không phải là số nguyên"),
        ("ranked_agencies", "", "cần ghi số cơ quan"),
        ("ranked_agencies", "99999", "từ 1 đến 1000"),
        ("decision_number", "1" * 61, "dài quá 60"),
        ("decision_issued_on", "32/01/2020", "Không đọc được ngày"),
        ("decision_issued_on", "21/01/2020", "sau hôm nay"),
        ("decision_issued_on", "01/12/2019", "trước ngày gửi"),
    ],
)
def test_faults_stand_at_their_field(office, publish, field, value, fault):
    whole(office)
    answer = publish(**{field: value})
    assert answer.status_code == 422
    assert fault in words(answer)
    office.card.refresh_from_db()
    assert office.card.state == "appraised_2"


def test_only_the_office_writes_it(client, office, publish):
    whole(office)
    assert publish(who="leader").status_code == 403
    assert office.go(client, "publication_form", office.card.pk, who="leader").status_code == 200
    assert office.go(client, "publication_year_add", who="leader").status_code == 403
    assert office.go(client, "peer_scores", who="leader").status_code == 200
    assert (
        office.go(
            client, "peer_scores", who="leader", data={"year": "2018", "table": "A;1"}
        ).status_code
        == 403
    )


# -- Years before -------------------------------------------------------------------------------------


def test_a_year_before_needs_no_criteria(client, office):
    data = {**GOOD, "year": "2017", "decision_issued_on": "05/03/2018"}
    assert office.go(client, "publication_year_add", data=data).status_code == 302
    card = Scorecard.objects.get(year=2017)
    assert (card.state, card.criteria_set, card.published_rank) == ("published", None, 11)
    assert card.events.get().changes["published_index"] == [None, "74.10"]
    assert "74,10" in words(office.go(client, "appraisal_home"))
    # The plan's baseline stands beside it.
    assert "15/21" in words(office.go(client, "appraisal_home"))
    # The same year again, and a year that has a card.
    for year, fault in (("2017", "đã có kết quả công bố"), ("2019", "đã có phiếu điểm")):
        answer = office.go(client, "publication_year_add", data={**data, "year": year})
        assert answer.status_code == 422
        assert fault in words(answer)
    # It may be corrected; its points by criterion do not exist.
    answer = office.go(client, "publication_form", card.pk, data={**GOOD, "published_index": "75"})
    assert answer.status_code == 302
    card.refresh_from_db()
    assert card.published_index == 75
    assert "Không có điểm theo tiêu chí" in words(office.go(client, "appraisal_compare", card.pk))
    assert "chỉ ghi kết quả công bố" in words(office.go(client, "appraisal_form", card.pk))
    assert office.go(client, "appraisal_sheet", card.pk).status_code == 403
    assert office.go(client, "compare_sheet", card.pk).status_code == 403


@pytest.mark.parametrize("year", ["", "1999", "2021", "hai", "20199"])
def test_years_that_are_none(client, office, year):
    data = {**GOOD, "year": year, "decision_issued_on": ""}
    assert office.go(client, "publication_year_add", data=data).status_code == 422
    assert Scorecard.objects.count() == 1


# -- Other agencies -----------------------------------------------------------------------------------

TABLE = "STT\tCơ quan\tChỉ số\n1\tSở Nội vụ\t85,2\n2\tSở Tài chính\t70,69\n3\tSở Y tế\t50\n"


@pytest.fixture
def paste(client, office):
    def pasted(table=TABLE, year="2018", **more):
        data = {"year": year, "table": table, "whole": "1", **more}
        return office.go(client, "peer_scores", data=data)

    return pasted


def test_a_pasted_table_is_stored_and_changed_by_name(client, office, paste):
    assert paste().status_code == 302
    assert PeerScore.objects.count() == 3
    assert paste("sở nội vụ;86\nSở Mới;40").status_code == 302
    assert PeerScore.objects.get(name="Sở Nội vụ").index == 86
    assert PeerScore.objects.count() == 4
    entry = AuditEntry.objects.filter(action__startswith="Nhập chỉ số").order_by("pk").last()
    assert entry.changes == {"Sở Nội vụ": ["85,2", "86"], "Sở Mới": ["", "40"]}
    assert paste("sở nội vụ;86").status_code == 302
    assert AuditEntry.objects.filter(action__startswith="Nhập chỉ số").count() == 2


def test_a_table_with_a_fault_is_not_stored_at_all(office, paste):
    answer = paste("Sở Nội vụ;85\nSở Tài chính;x")
    assert answer.status_code == 422
    page = words(answer)
    assert "dòng 2: «x» không phải là số" in page
    assert "Sở Nội vụ;85" in page
    assert paste("").status_code == 422
    assert paste(year="2021").status_code == 422
    assert not PeerScore.objects.exists()


@pytest.mark.parametrize("kind", ["xlsx", "semicolons", "commas"])
def test_a_file_is_read_too(office, paste, tmp_path, kind):
    if kind == "xlsx":
        book = Workbook()
        for row in (["Tên cơ quan", "Chỉ số"], ["Sở Nội vụ", 85.2], [office.agency.name, 70]):
            book.active.append(row)
        book.save(tmp_path / "a.xlsx")
        content = (tmp_path / "a.xlsx").read_bytes()
    elif kind == "semicolons":
        content = "\ufeffSở Nội vụ;85,2\r\n".encode()
    else:
        content = '"Sở Nội vụ","85,2"\n'.encode()
    assert paste("", tep=SimpleUploadedFile(f"a.{kind[:4]}", content)).status_code == 302
    assert PeerScore.objects.get().index == Decimal("85.2")  # without our own line


@pytest.mark.parametrize("content", [b"\xff\xfe", b"PK\x03\x04", b"\x00\x01", "Sở;=1".encode()])
def test_files_that_are_none(office, paste, content):
    assert paste("", tep=SimpleUploadedFile("a.xlsx", content)).status_code == 422
    assert not PeerScore.objects.exists()


def test_one_agency_is_taken_out(client, office, paste):
    paste()
    peer = PeerScore.objects.get(name="Sở Y tế")
    assert office.go(client, "peer_remove", peer.pk, who="leader", data={}).status_code == 403
    assert office.go(client, "peer_remove", peer.pk, data={}).status_code == 302
    assert PeerScore.objects.count() == 2
    assert office.go(client, "peer_remove", peer.pk, data={}).status_code == 404
    other = Agency.objects.create(code="KHAC", name="Sở khác")
    theirs = PeerScore.objects.create(agency=other, year=2018, name="X", index=1)
    assert office.go(client, "peer_remove", theirs.pk, data={}).status_code == 404


def test_the_rank_is_an_estimate_until_it_is_published(client, office, paste):
    paste()
    # Without survey points there is nothing to compare (R29).
    assert publication.rank_estimate(compute(office.period, office.criteria_set)) is None
    whole(office)
    found = publication.rank_estimate(compute(office.period, office.criteria_set))
    assert (found.year, found.published, found.peers) == (2018, False, 3)
    assert (found.standing.rank, found.standing.tied) == (3, 1)
    assert (found.standing.gap, found.standing.next_rank) == (Decimal("20.69"), 2)
    page = words(office.go(client, "peer_scores", nam="2018"))
    assert "Ước tính theo chỉ số năm 2018 của 3 cơ quan: với chỉ số 50,00 của năm 2019" in page
    assert "bằng điểm 1 cơ quan khác; cần thêm 20,69 điểm để lên hạng 2." in page
    # The scorecard says it too.
    card_page = words(office.go(client, "scorecard_detail", ky=str(office.period.pk)))
    assert "Ước tính xếp hạng" in card_page
    assert "ước tính theo chỉ số năm 2018 của 3 cơ quan" in card_page
    # The plan names what was published of us for 2018: 70,69, 15th of 21.
    assert "Theo bảng công bố năm 2018, với chỉ số 70,69 Sở xếp hạng <strong>2/4</strong>" in page
    assert "công bố ghi hạng 15/21" in page
    # Of the same year ours stands in the table, marked as an estimate.
    paste(year="2019")
    page = words(office.go(client, "peer_scores", nam="2019"))
    assert "ước tính theo phiếu điểm năm 2019" in page
    Scorecard.objects.filter(pk=office.card.pk).update(state="published", published_index=90)
    page = words(office.go(client, "peer_scores", nam="2019"))
    assert "với chỉ số 90,00 Sở xếp hạng <strong>1/4</strong>; đứng đầu." in page
    assert "Ước tính" not in page
    found = publication.rank_estimate(compute(office.period, office.criteria_set))
    assert (found.published, found.standing.rank) == (True, 1)


def test_nothing_is_estimated_without_a_table(client, office):
    whole(office)
    assert publication.rank_estimate(compute(office.period, office.criteria_set)) is None
    assert "Chưa có bảng của năm này" in words(office.go(client, "peer_scores", nam="x"))


def test_queries_do_not_grow_with_agencies(client, office, paste):
    whole(office)

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert office.go(client, "peer_scores", nam="2018").status_code == 200
        return len(captured)

    paste()
    few = count()
    paste("".join(f"Sở {n};{n}\n" for n in range(40)))
    assert count() == few <= 34  # signing in is among them


def test_what_is_published_is_compared_with_the_total_after_bonus_and_penalty(
    client, office, paste, publish
):
    whole(office)  # 50 before
    paste()
    Adjustment.objects.create(
        scorecard=office.card, kind="bonus", points=Decimal(1), reason="Sáng kiến cấp tỉnh"
    )
    Adjustment.objects.create(
        scorecard=office.card, kind="penalty", points=Decimal("0.25"), reason="Báo cáo chậm"
    )
    card = compute(office.period, office.criteria_set)
    assert (card.index, card.published_like) == (50, Decimal("50.75"))
    found = publication.rank_estimate(card)
    assert found.standing.index == Decimal("50.75") and found.adjusted
    assert look_at(card).gap == Decimal("50.75") - card.period.plan.baseline_index
    page = words(office.go(client, "scorecard_detail", ky=str(office.period.pk)))
    assert "kém 19,94" in page and "So sánh theo chỉ số sau điểm thưởng, điểm trừ." in page
    assert "của 3 cơ quan, chỉ số sau điểm thưởng, điểm trừ" in page
    page = words(office.go(client, "peer_scores", nam="2018"))
    assert "với chỉ số 50,75 của năm 2019 (sau điểm thưởng, điểm trừ)" in page
    assert publish(published_index="50,75").status_code == 302
    page = words(office.go(client, "publication_form", office.card.pk))
    assert "công bố bằng chỉ số hệ thống tính sau điểm thưởng, điểm trừ" in page


@pytest.mark.parametrize("index", ["-3", "182,1", "110,01"])
def test_an_index_out_of_reach_is_none(client, office, paste, index):
    assert "không thể là chỉ số" in words(paste(table=f"Sở Nội vụ; {index}"))
    answer = office.go(
        client, "publication_year_add", data=GOOD | {"year": "2017", "published_index": index}
    )
    assert answer.status_code == 422 and "không thể là chỉ số" in words(answer)
    assert not PeerScore.objects.exists() and not Scorecard.objects.filter(year=2017).exists()
