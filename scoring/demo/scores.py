"""The demo's scorecards: 2019 from draft to publication with its explanations, 2020 in short, last year's points, this year begun.

All through the services people use, each at its own past moment; the other agencies are invented and say so.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.history import Actor
from accounts.models import Role
from accounts.text import fold
from plans.numbers import round_half_up
from scoring import appraisal, entries, explaining, focus_marks, publication
from scoring.appraisal import card_of_year
from scoring.demo.clock import at, moment, working_day
from scoring.demo.evidence import paper_of
from scoring.demo.past import as_file
from scoring.models import LeafScore
from scoring.ranking import rank_of
from scoring.readiness import gaps
from scoring.scorecard_services import begin, move
from scoring.scores_import import import_scores
from scoring.states import Action
from tasks import explanations
from tasks.models import Document, Evidence, Explanation, Report
from tasks.results_schema import ResultsFile
from tasks.states import EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accounts.models import Agency
    from plans.models import Period
    from scoring.demo.people import Staff
    from scoring.models import CriteriaSet, Criterion, Scorecard

Loss = LeafScore.Loss
PAPERLESS = 11  # every so many-th report of past years has no document of its own
# Round 1 of 2019: criterion → points, reason, the province's words, what it asks to explain.
CUT_2019: dict[str, tuple[str, Loss, str, str]] = {
    "1.2.1": ("1", Loss.EVIDENCE, "Báo cáo tuyên truyền chưa có phụ lục kết quả.", "Bổ sung phụ lục kết quả tuyên truyền theo từng nội dung của kế hoạch."),
    "3.2.2": ("0,75", Loss.EVIDENCE, "Ảnh chụp trang thông tin điện tử không rõ ngày cập nhật.", ""),
    "5.1.1": ("4,5", Loss.FIGURES, "Số liệu công chức không khớp báo cáo của Sở Nội vụ.", ""),
    "6.1.5": ("0,75", Loss.READING, "Chưa có kết quả thực hành tiết kiệm theo mẫu của Sở Tài chính.", ""),
    "7.2.1": ("0,5", Loss.EVIDENCE, "Hai chuyên mục cập nhật không thường xuyên.", ""),
    "7.3.2": ("0", Loss.FIGURES, "Số hồ sơ trực tuyến khác số liệu của Sở Thông tin và Truyền thông.", "Đối chiếu số hồ sơ trực tuyến với Cổng dịch vụ công của tỉnh."),
    "8.1.2": ("2,5", Loss.LATE, "Năm hồ sơ trả kết quả trễ hạn không có thư xin lỗi.", ""),
    "8.1.3": ("0,75", Loss.RESULT, "Tỷ lệ 9,8% chưa vượt mức 10%.", ""),
}  # fmt: skip
# What units answered, and what the province gave in the end.
ANSWERED_2019 = {
    "1.2.1": ("VP", "Phụ lục kết quả theo từng nội dung đã có trong báo cáo số 128/BC-SGDĐT; đơn vị gửi kèm bản đầy đủ.", "1,5"),
    "7.3.2": ("GDTrH", "Số liệu đã đối chiếu với Cổng dịch vụ công; chênh lệch do hồ sơ nộp cuối kỳ, biên bản đối chiếu gửi kèm.", "1"),
}  # fmt: skip
SURVEYED_2019 = {"9.1.1": "7,25", "9.1.2": "7,5", "9.1.3": "7,75"}
FOCUS_2019 = {"8.1.3": "Phối hợp Bưu điện tỉnh hướng dẫn nộp hồ sơ qua bưu chính công ích.", "3.2.2": "Ghi ngày trên mọi ảnh chụp khi cập nhật thủ tục."}  # fmt: skip
CUT_2020 = {"2.2.2": ("0", Loss.LATE, "Báo cáo quý III gửi trễ.", ""), "8.1.3": ("0,75", Loss.RESULT, "Chưa vượt mức 10%.", "")}  # fmt: skip
SURVEYED_2020 = {"9.1.1": "7,4", "9.1.2": "7,6", "9.1.3": "7,9"}
# Points lost last year, of which only the province's table is known here: 78,35 of 100.
LOST_LAST_YEAR = {
    "1.2.1": "0.5", "1.3.1": "0.5", "1.4.1": "1", "2.2.1": "0.5", "2.2.2": "1", "3.1.3": "0.5", "3.2.2": "0.75",
    "3.3.2": "1", "4.1.1": "0.5", "4.1.3": "0.5", "5.1.1": "1", "5.2.2": "0.5", "6.1.3": "1", "6.1.5": "0.5",
    "7.1.2": "0.5", "7.2.2": "0.5", "7.3.1": "0.75", "7.4.1": "0.5", "8.1.2": "1", "8.1.3": "0.75",
}  # fmt: skip
SURVEYED_LAST_YEAR = {"9.1.1": "7.35", "9.1.2": "7.25", "9.1.3": "7.5"}
FOCUS_LAST_YEAR = {"8.1.3": "Đặt bàn hướng dẫn nộp hồ sơ qua bưu chính công ích tại Bộ phận Một cửa.", "1.4.1": "Nhắc hạn nhiệm vụ UBND tỉnh giao trước 5 ngày làm việc."}  # fmt: skip
AGENCIES = 20


class Scores:
    """The scorecards of one demo office under its one set."""

    def __init__(self, agency: Agency, staff: Staff, criteria_set: CriteriaSet) -> None:
        self.agency = agency
        self.set = criteria_set
        self.staff = staff
        self.office = Actor.of(staff.office, role=Role.COORDINATOR)
        self.leader = Actor.of(staff.director, role=Role.LEADER)

    # -- Past years of the plan ------------------------------------------------------------------

    def year_2019(self, period: Period) -> None:
        prove(period)
        card = self._sent(period, dt.date(2019, 12, 30), "152/BC-SGDĐT", self._enter_2019)
        self._round_1(card, dt.date(2020, 1, 14), CUT_2019)
        self._explain(card, dt.date(2020, 1, 16))
        final = {code: {"appraised": answer[2]} for code, answer in ANSWERED_2019.items()}
        self._last_round(card, dt.date(2020, 2, 20), final, SURVEYED_2019)
        self._publish(card, dt.date(2020, 3, 10), "456/QĐ-UBND", highest="92,4", step="1,35")
        self._focus(card, dt.date(2020, 3, 12), FOCUS_2019)

    def year_2020(self, period: Period) -> None:
        prove(period)
        card = self._sent(period, dt.date(2020, 12, 30), "160/BC-SGDĐT")
        self._round_1(card, dt.date(2021, 1, 15), CUT_2020)
        self._last_round(card, dt.date(2021, 2, 22), {}, SURVEYED_2020)
        self._publish(card, dt.date(2021, 3, 9), "512/QĐ-UBND", highest="93,1", step="1,2")

    def _sent(
        self,
        period: Period,
        day: dt.date,
        number: str,
        enter: Callable[[Scorecard], None] | None = None,
    ) -> Scorecard:
        with at(moment(day - dt.timedelta(days=3), 9)):
            card = begin(
                agency=self.agency, year=period.year, criteria_set=self.set, by=self.office
            )
            if enter:
                enter(card)
            for gap in gaps(card_of_year(card)):
                entries.explain(
                    scorecard=card,
                    criterion=self.set.criteria.get(code=gap.code),
                    explanation="Hồ sơ gốc lưu tại đơn vị; bản chụp gửi khi tỉnh yêu cầu.",
                    by=self.office,
                )
        with at(moment(day - dt.timedelta(days=1), 16)):
            move(scorecard=card, action=Action.APPROVE, by=self.leader, confirmed=True)
        with at(moment(day, 10)):
            move(
                scorecard=card,
                action=Action.SEND,
                by=self.office,
                sent_number=number,
                sent_on=day,
            )
        return card

    def _enter_2019(self, card: Scorecard) -> None:
        leaves = {leaf.code: leaf for leaf in self.set.criteria.exclude(kind="")}
        entries.set_override(
            scorecard=card,
            criterion=leaves["4.1.1"],
            points=Decimal("1.5"),
            explanation="Còn một nghị quyết chưa sơ kết.",
            by=self.office,
        )
        entries.set_not_applicable(
            scorecard=card,
            criterion=leaves["6.1.3"],
            reason="Trong năm không có thu nhập tăng thêm.",
            by=self.office,
        )
        for kind, points, reason in (
            ("bonus", "0.5", "Sáng kiến cải cách hành chính được công nhận cấp tỉnh"),
            ("penalty", "0.25", "Một báo cáo quý gửi trễ"),
        ):
            entries.add_adjustment(
                scorecard=card, kind=kind, points=Decimal(points), reason=reason, by=self.office
            )

    def _round_1(
        self, card: Scorecard, day: dt.date, cut: Mapping[str, tuple[str, Loss, str, str]]
    ) -> None:
        typed = {
            code: {"appraised_1": points, "loss": str(loss), "note": note, "asked": asked}
            for code, (points, loss, note, asked) in cut.items()
        }
        with at(moment(day, 9)):
            appraisal.save(scorecard=card, typed=typed, base={}, by=self.office)
            appraisal.fill(scorecard=card, round_=1, by=self.office)
            appraisal.finish(scorecard=card, round_=1, by=self.office)

    def _explain(self, card: Scorecard, day: dt.date) -> None:
        leaves = {leaf.code: leaf for leaf in self.set.criteria.exclude(kind="")}
        due = day + dt.timedelta(days=7)
        with at(moment(day, 9)):
            explaining.ask_units(
                scorecard=card,
                by=self.office,
                due_before=due,
                wishes=[
                    explaining.Wish(leaves[code], [self.staff.units[unit]], CUT_2019[code][3])
                    for code, (unit, _, _) in ANSWERED_2019.items()
                ],
            )
        asked = {one.code: one for one in Explanation.objects.filter(period__year=card.year)}
        for code, (unit, text, _) in ANSWERED_2019.items():
            head = Actor.of(self.staff.heads[unit], role=Role.HEAD)
            with at(moment(day + dt.timedelta(days=4), 14)):
                one = asked[code]
                explanations.answer(explanation=one, by=head, text=text, version=one.version)
            with at(moment(day + dt.timedelta(days=5), 9)):
                one.refresh_from_db()
                explaining.take_in(
                    scorecard=card, criterion=leaves[code], by=self.office, explanation=one
                )
        sent = day + dt.timedelta(days=6)
        with at(moment(sent, 10)):
            explaining.finish(scorecard=card, by=self.office, number="09/BC-SGDĐT", issued_on=sent)

    def _last_round(
        self,
        card: Scorecard,
        day: dt.date,
        final: Mapping[str, dict[str, str]],
        surveyed: Mapping[str, str],
    ) -> None:
        typed = {**final, **{code: {"survey": points} for code, points in surveyed.items()}}
        with at(moment(day, 15)):
            appraisal.save(scorecard=card, typed=typed, base={}, by=self.office)
            appraisal.fill(scorecard=card, round_=2, by=self.office)
            appraisal.finish(scorecard=card, round_=2, by=self.office)

    def _publish(
        self, card: Scorecard, day: dt.date, number: str, *, highest: str, step: str
    ) -> None:
        index = card_of_year(card).published_like
        assert index is not None
        with at(moment(day, 9)):
            ranked = self._others(card.year, highest, step)
            move(
                scorecard=card,
                action=Action.PUBLISH,
                by=self.office,
                published_index=round_half_up(index, 2),
                published_rank=rank_of(round_half_up(index, 2), ranked.values()),
                ranked_agencies=AGENCIES + 1,
                decision_number=number,
                decision_issued_on=day,
            )

    def _others(self, year: int, highest: str, step: str) -> dict[str, Decimal]:
        """Twenty agencies that do not exist, their indices evenly apart."""
        top, apart = Decimal(highest.replace(",", ".")), Decimal(step.replace(",", "."))
        found = {f"Cơ quan minh họa {n:02}": top - n * apart for n in range(1, AGENCIES + 1)}
        publication.store_peers(agency=self.agency, year=year, found=found, by=self.office)
        return found

    def _focus(self, card: Scorecard, day: dt.date, marks: Mapping[str, str]) -> None:
        with at(moment(day, 14)):
            focus_marks.save(
                scorecard=card,
                marks={code: (True, words) for code, words in marks.items()},
                by=self.office,
            )

    # -- Last year, known from the province's table only -------------------------------------------

    def last_year(self, period: Period, day: dt.date) -> None:
        """``period`` is history: nobody reported here, the points are the province's."""
        scores = [
            {"criterion": leaf.code, "survey": SURVEYED_LAST_YEAR[leaf.code]}
            if leaf.is_survey
            else {"criterion": leaf.code, "appraised": str(_left(leaf))}
            for leaf in self.set.criteria.exclude(kind="")
        ]
        published = {
            "index": "78.35",
            "rank": 9,
            "ranked_agencies": AGENCIES + 1,
            "decision": {"number": "388/QĐ-UBND", "issued_on": working_day(day)},
        }
        parts = {"reports": [], "scores": scores, "published": published}
        source = as_file(period.plan, period.year, parts)
        file = ResultsFile.model_validate(source.data)
        with at(moment(day, 9)):
            import_scores(
                period=period,
                scores=file.scores,
                adjustments=file.adjustments,
                published=file.published,
                source=source,
                by=self.office,
            )
            self._others(period.year, "89,2", "1,3")
        card = self.agency.scorecards.get(year=period.year)
        self._focus(card, day, FOCUS_LAST_YEAR)

    # -- The running year --------------------------------------------------------------------------

    def this_year(self, period: Period, day: dt.date) -> None:
        with at(moment(day, 15)):
            card = begin(
                agency=self.agency, year=period.year, criteria_set=self.set, by=self.office
            )
            entries.add_adjustment(
                scorecard=card,
                kind="bonus",
                points=Decimal("0.5"),
                reason="Sáng kiến cải cách hành chính được công nhận cấp tỉnh",
                by=self.office,
            )


def _left(leaf: Criterion) -> Decimal:
    """What the province gave of a leaf last year."""
    assert leaf.maximum is not None
    return leaf.maximum - Decimal(LOST_LAST_YEAR.get(leaf.code, "0"))


def prove(period: Period) -> None:
    """A document of its own for most reports of a past year, registered when it was sent."""
    reports = Report.objects.filter(period=period, state__in=EXPECTED).select_related(
        "unit", "task"
    )
    rows = []
    for number, report in enumerate(
        reports.order_by("task__area__order", "task__order", "unit__order")
    ):
        if number % PAPERLESS == 5 or report.first_submitted_at is None:
            continue
        sent = report.first_submitted_at
        named, subject = paper_of(report, 100 + number)
        document = Document(
            agency_id=period.plan.agency_id,
            unit=report.unit,
            number=named,
            issued_on=timezone.localdate(sent),
            issuer=report.unit.name,
            subject=subject,
            folded=fold(f"{named} {report.unit.name} {subject}"),
        )
        rows.append((document, Evidence(report=report, section="Mục II", added_at=sent)))
    documents = Document.objects.bulk_create([document for document, _ in rows])
    for document, (_, evidence) in zip(documents, rows, strict=True):
        evidence.document = document
    Evidence.objects.bulk_create([evidence for _, evidence in rows])
