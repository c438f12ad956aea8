"""Forms of evidence and of the register: what is typed of a document, files, one chosen from the register."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.utils import timezone

from plans.models import Indicator
from tasks import files
from tasks.evidence import NOTHING
from tasks.models import Document
from tasks.register import MAX_FILES, Wanted, find

if TYPE_CHECKING:
    from accounts.models import User
    from tasks.models import Report

OFFERED = 8  # documents that the form lists without or after a search
DAYS = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]
NEW = "– tài liệu mới, ghi bên dưới –"
HINTS = {
    "number": "Ví dụ: 12/KH-SGDĐT",
    "issued_on": "ngày/tháng/năm",
    "issuer": "Ví dụ: Sở GDĐT",
    "section": "Ví dụ: mục II, trang 3",
    "url": "https://…",
    "in_force_until": "ngày/tháng/năm",
}


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, each looked at; one message for each that is not taken."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        uploads = [upload for upload in (data or []) if upload]
        if len(uploads) > MAX_FILES:
            raise forms.ValidationError(f"Mỗi lần chỉ đính kèm tối đa {MAX_FILES} tệp.")
        faults = []
        for upload in uploads:
            try:
                files.check(upload)
            except files.BadFile as error:
                faults.append(str(error))
        if faults:
            raise forms.ValidationError(faults)
        return uploads


def files_field() -> FilesField:
    field = FilesField(label="Tệp đính kèm", required=False)
    field.widget.attrs |= {"multiple": True, "accept": files.ACCEPT}
    return field


def day_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=DAYS,
        error_messages={
            "invalid": "Không đọc được ngày; hãy ghi ngày/tháng/năm, ví dụ 15/01/2019."
        },
    )


class DocumentForm(forms.Form):
    """What the register says of one document."""

    number = forms.CharField(label="Số, ký hiệu", max_length=60, required=False)
    issued_on = day_field("Ngày ban hành")
    issuer = forms.CharField(label="Cơ quan ban hành", max_length=200, required=False)
    subject = forms.CharField(label="Trích yếu", max_length=500, required=False)
    is_draft = forms.BooleanField(label="Dự thảo, chưa ký ban hành", required=False)
    url = forms.CharField(label="Liên kết đến văn bản", max_length=500, required=False)
    in_force_until = day_field("Hết hiệu lực sau ngày")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "evidence-%s"} | kwargs))
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.CheckboxInput):
                continue
            css = "form-select" if isinstance(field, forms.ModelChoiceField) else "form-control"
            field.widget.attrs |= {"class": css, "autocomplete": "off"}
            if name in HINTS:
                field.widget.attrs["placeholder"] = HINTS[name]
        for name in ("issued_on", "in_force_until"):
            self.fields[name].widget = forms.DateInput(
                format="%d/%m/%Y", attrs=self.fields[name].widget.attrs
            )
            self.fields[name].widget.attrs |= {"inputmode": "numeric", "maxlength": "10"}
        self.fields["url"].widget.attrs["inputmode"] = "url"

    def clean_issued_on(self) -> dt.date | None:
        day = self.cleaned_data["issued_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(f"Ngày ban hành {day:%d/%m/%Y} ở sau ngày hôm nay.")
        if day and day.year < 1945:
            raise forms.ValidationError("Năm ban hành phải từ 1945; hãy kiểm tra lại.")
        return day

    def clean_url(self) -> str:
        url = self.cleaned_data["url"].strip()
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.scheme != "https" or any(c.isspace() or c in "<>\"'" for c in url):
            raise forms.ValidationError(
                "Liên kết phải là địa chỉ đầy đủ bắt đầu bằng https://, không có khoảng trắng."
            )
        if parts.username or parts.password:
            raise forms.ValidationError("Liên kết không được chứa tên đăng nhập hoặc mật khẩu.")
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        issued, until = data.get("issued_on"), data.get("in_force_until")
        if issued and until and until < issued:
            self.add_error("in_force_until", "Ngày hết hiệu lực không thể trước ngày ban hành.")
        return data


class EvidenceForm(DocumentForm):
    """One piece of evidence, as typed: a document described, or one chosen from the register."""

    document = forms.ModelChoiceField(
        Document.objects.none(),
        label="Tài liệu đã đăng ký",
        required=False,
        empty_label=NEW,
        error_messages={"invalid_choice": "Không tìm thấy tài liệu đã chọn; hãy chọn lại."},
    )
    indicator = forms.ModelChoiceField(
        Indicator.objects.none(),
        label="Chứng minh cho",
        required=False,
        empty_label="Cả báo cáo",
        error_messages={"invalid_choice": "Chỉ tiêu này không thuộc phần đơn vị phải trả lời."},
    )
    section = forms.CharField(label="Mục, trang", max_length=200, required=False)
    uploads = files_field()

    def __init__(
        self,
        *args: Any,
        report: Report,
        user: User,
        indicators: list[Indicator],
        search: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].queryset = Document.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["indicator"].queryset = report.task.indicators.filter(  # type: ignore[attr-defined]
            pk__in=[i.pk for i in indicators]
        )
        self.fields["indicator"].choices = [  # type: ignore[attr-defined]
            ("", "Cả báo cáo"),
            *((i.pk, f"{i.code} {i.name}") for i in indicators),
        ]
        self.search = search
        self.chosen = str(self["document"].value() or "")
        self.found = offered(user, search, self.chosen)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not (
            data.get("document")
            or data.get("number")
            or data.get("uploads")
            or data.get("url")
            or self.errors
        ):
            self.add_error("number", NOTHING)
        return data


def offered(user: User, search: str, chosen: str = "") -> list[Document]:
    """What the search finds, else the unit's newest, few of either; the chosen one is always among them."""
    if search.strip():
        found = list(find(user, Wanted(text=search))[:OFFERED])
    else:
        mine = Document.objects.visible_to(user).filter(unit=user.unit)
        found = list(mine.select_related("unit").order_by("-pk")[:OFFERED])
    pk = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
    if pk is not None and all(document.pk != pk for document in found):
        kept = Document.objects.visible_to(user).select_related("unit").filter(pk=pk)
        found = [*kept, *found]
    return found
