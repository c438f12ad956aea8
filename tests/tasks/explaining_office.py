"""The office of the explanation tests: the reporting one, asked about a criterion after the appraisal."""

import datetime as dt

from django.urls import reverse
from report_office import Office as Reporting

from accounts.models import Mail, Role
from tasks import explanations
from tasks.explanations import Question

DUE = dt.date(2019, 11, 20)  # exclusive
QUESTION = "Tài liệu chưa thể hiện số lớp tập huấn; đề nghị giải trình."


class Office(Reporting):
    def clerk(self):
        return self.by(self.coordinator, Role.COORDINATOR)

    def boss(self):
        return self.by(self.head, Role.HEAD)

    def question(self, unit="TCCB", code="1.2.1", text=QUESTION):
        return Question(unit=self.units[unit], code=code, title="Tập huấn cải cách", text=text)

    def ask(self, *questions, due=DUE):
        return explanations.ask(
            period=self.period, by=self.clerk(), due_before=due, questions=questions
        )

    def asked(self, unit="TCCB", code="1.2.1", due=DUE):
        return self.ask(self.question(unit, code), due=due)[0]

    def answered(self, text="Đã tập huấn 3 lớp.", **asked):
        explanation = self.asked(**asked)
        assert explanations.answer(
            explanation=explanation, by=self.boss(), text=text, version=explanation.version
        )
        return self.now(explanation)

    def returned(self, reason="Thiếu danh sách lớp.", **more):
        explanation = self.answered()
        assert explanations.return_(explanation=explanation, by=self.clerk(), reason=reason, **more)
        return self.now(explanation)

    def taken(self):
        explanation = self.answered()
        assert explanations.take(explanation=explanation, by=self.clerk())
        return self.now(explanation)

    def withdrawn(self):
        explanation = self.asked()
        assert explanations.withdraw(
            explanation=explanation, by=self.clerk(), reason="Tỉnh đã thôi yêu cầu."
        )
        return self.now(explanation)

    def now(self, explanation):
        explanation.refresh_from_db()
        return explanation


def told(event):
    """Who was told of an event, in order of names; once each, or it fails."""
    people = list(
        Mail.objects.filter(kind=f"explanation_{event}").values_list("user__name", flat=True)
    )
    assert len(people) == len(set(people)), people
    return sorted(people)


def at_page(name, explanation, *more):
    return reverse(name, args=[explanation.pk, *more])


def detail(explanation):
    return at_page("explanation_detail", explanation)
