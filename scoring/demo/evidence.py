"""What the demo's reports are proved with: five papers with files, and numbered ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.demo import files
from scoring.demo.figures import ISSUER, Year
from scoring.demo.texts import DOCUMENTS

if TYPE_CHECKING:
    import datetime as dt

    from django.core.files.uploadedfile import SimpleUploadedFile

    from tasks.models import Report


@dataclass(frozen=True)
class Paper:
    """A document of a report's evidence and its one file."""

    name: str
    content: bytes
    subject: str
    number: str = ""
    issued_on: dt.date | None = None
    issuer: str = ""
    indicator: str = ""
    section: str = ""

    def upload(self) -> SimpleUploadedFile:
        return files.upload(self.name, self.content)


def papers(year: int, dates: Year) -> dict[tuple[str, str], Paper]:
    """By unit and task."""

    def plan(code: str) -> tuple[str, dt.date]:
        number, kind, part = DOCUMENTS[code]
        return f"{number}/{kind}", dates.day(part)

    reform, reform_on = plan("1.1-a")
    check, check_on = plan("4.2-a")
    rules, rules_on = plan("6.1-b")
    return {
        ("VP", "1.1"): Paper(
            name=f"Kế hoạch cải cách hành chính năm {year}.pdf",
            content=files.pdf(
                [
                    "SO GIAO DUC VA DAO TAO BA RIA - VUNG TAU",
                    f"So: 12/KH-SGDDT      Ngay {reform_on:%d/%m/%Y}",
                    "",
                    f"KE HOACH CAI CACH HANH CHINH NAM {year}",
                    "",
                    "1. Muc tieu",
                    "2. Nhiem vu cua cac phong",
                    "3. To chuc thuc hien",
                    "",
                    "TAI LIEU MINH HOA",
                ]
            ),
            subject=f"Kế hoạch cải cách hành chính năm {year} của Sở Giáo dục và Đào tạo",
            number=reform,
            issued_on=reform_on,
            issuer=ISSUER,
            indicator="1.1-a",
            section="Toàn văn",
        ),
        ("KHTC", "6.1"): Paper(
            name=f"Quy chế chi tiêu nội bộ {year}.docx",
            content=files.docx(
                [
                    "SỞ GIÁO DỤC VÀ ĐÀO TẠO TỈNH BÀ RỊA – VŨNG TÀU",
                    f"Số: {rules}, ngày {rules_on:%d/%m/%Y}",
                    f"QUY CHẾ CHI TIÊU NỘI BỘ NĂM {year}",
                    "Điều 1. Phạm vi, đối tượng áp dụng",
                    "Điều 2. Nguyên tắc chi",
                    "Điều 3. Công khai kết quả thực hiện",
                    "(Tài liệu minh họa)",
                ]
            ),
            subject=f"Ban hành Quy chế chi tiêu nội bộ năm {year}",
            number=rules,
            issued_on=rules_on,
            issuer=ISSUER,
            indicator="6.1-b",
            section="Điều 1 đến Điều 3",
        ),
        ("QLCL", "7.1"): Paper(
            name="Bảng theo dõi kế hoạch CNTT.xlsx",
            content=files.xlsx(
                [
                    ["Hoạt động", "Kế hoạch", "Hoàn thành"],
                    ["Ký số văn bản đi", 12, 12],
                    ["Tập huấn phần mềm một cửa", 4, 4],
                    ["Sao lưu dữ liệu hằng tháng", 12, 11],
                ]
            ),
            subject="Bảng theo dõi thực hiện kế hoạch ứng dụng công nghệ thông tin",
            indicator="7.1-b",
            section="Trang tính 1",
        ),
        ("VP", "8.3"): Paper(
            name="Biểu đồ mức độ hài lòng.png",
            content=files.png([91, 93, 88, 90, 92]),
            subject="Kết quả đánh giá tại Bộ phận Một cửa theo tháng",
            indicator="8.3-a",
        ),
        ("TCCB", "4.2"): Paper(
            name=f"Kế hoạch kiểm tra công vụ {year}.pdf",
            content=files.pdf(
                [
                    "SO GIAO DUC VA DAO TAO BA RIA - VUNG TAU",
                    f"So: 56/KH-SGDDT      Ngay {check_on:%d/%m/%Y}",
                    "",
                    f"KE HOACH KIEM TRA CONG VU NAM {year}",
                    "",
                    "1. Noi dung kiem tra",
                    "2. Don vi duoc kiem tra",
                    "3. Thoi gian kiem tra",
                    "",
                    "TAI LIEU MINH HOA",
                ]
            ),
            subject=f"Kế hoạch kiểm tra công vụ năm {year}",
            number=check,
            issued_on=check_on,
            issuer=ISSUER,
            indicator="4.2-a",
            section="Mục II, trang 1",
        ),
    }


def paper_of(report: Report, number: int) -> tuple[str, str]:
    """Number and subject of the paper that tells of a report's work."""
    return (
        f"{number}/BC-{report.unit.code}",
        f"Báo cáo kết quả thực hiện nhiệm vụ {report.task.code} năm {report.period.year}",
    )
