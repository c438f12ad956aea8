"""Forms of explanations: the documents of an answer, and what the office types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from tasks.evidence import NOTHING
from tasks.evidence_forms import NEW, DocumentForm, files_field, offered
from tasks.models import Document
from tasks.obstacle_forms import DayField, words_field

if TYPE_CHECKING:
    from accounts.models import User


class ProofForm(DocumentForm):
    """One document of an answer, as typed: described, or chosen from the register."""

    document = forms.ModelChoiceField(
        Document.objects.none(),
        label="Tài liệu đã đăng ký",
        required=False,
        empty_label=NEW,
        error_messages={"invalid_choice": "Không tìm thấy tài liệu đã chọn; hãy chọn lại."},
    )
    section = forms.CharField(label="Mục, trang", max_length=200, required=False)
    uploads = files_field()

    def __init__(self, *args: Any, user: User, search: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].queryset = Document.objects.visible_to(user)  # type: ignore[attr-defined]
        self.search = search
        self.chosen = str(self["document"].value() or "")
        self.found = offered(user, search, self.chosen)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        described = ("document", "number", "uploads", "url")
        if not self.errors and not any(data.get(name) for name in described):
            self.add_error("number", NOTHING)
        return data


class ReturnForm(forms.Form):
    """What an answer lacks, and the new date where one is given."""

    reason = words_field("Cần bổ sung, sửa gì", rows=3)
    due_before = DayField(
        label="Trả lời lại trước ngày",
        required=False,
        help_text="Bỏ trống thì giữ hạn cũ.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "return-%s"} | kwargs))
        for field in self.fields.values():
            field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}
