"""What the demo office's units write: two sentences a task, as officials of that area would."""

from __future__ import annotations

import random

# Task → what was done. Units of the same task take turns, so that merged texts read like several hands.
DONE: dict[str, tuple[str, ...]] = {
    "1.1": (
        "Đã tham mưu Giám đốc Sở ban hành kế hoạch cải cách hành chính, kế hoạch tuyên truyền và kế hoạch kiểm tra ngay từ đầu năm.",
    ),
    "1.2": (
        "Đã tuyên truyền qua trang thông tin điện tử, hội nghị giao ban, bảng tin cơ quan, tờ gấp tại Bộ phận Một cửa và nhóm Zalo của các trường trực thuộc.",
    ),
    "1.3": (
        "Đã kiểm tra công tác cải cách hành chính tại các đơn vị trực thuộc theo kế hoạch và có thông báo kết luận sau từng cuộc.",
    ),
    "1.4": (
        "Các nhiệm vụ UBND tỉnh giao qua phần mềm chỉ đạo, điều hành được theo dõi hằng tuần và báo cáo tại giao ban.",
    ),
    "2.1": (
        "Phòng đã góp ý và thực hiện các kế hoạch theo dõi thi hành pháp luật, rà soát và tự kiểm tra văn bản quy phạm pháp luật của Sở.",
        "Đã tham gia xây dựng ba kế hoạch của Sở về theo dõi thi hành pháp luật, rà soát và tự kiểm tra văn bản thuộc lĩnh vực phụ trách.",
    ),
    "2.2": (
        "Đã rà soát toàn bộ văn bản thuộc lĩnh vực phụ trách và gửi kết quả về Văn phòng Sở để tổng hợp.",
        "Các nội dung được phân công trong kế hoạch đã triển khai; số liệu thống kê gửi Sở Tư pháp qua Văn phòng Sở đúng kỳ.",
    ),
    "3.1": (
        "Đã rà soát, đánh giá thủ tục hành chính thuộc lĩnh vực phụ trách theo kế hoạch và kiến nghị phương án đơn giản hóa.",
        "Phòng đã hoàn thành phần rà soát được giao, lập biểu mẫu đánh giá tác động cho từng thủ tục.",
    ),
    "3.2": (
        "Các thủ tục thuộc lĩnh vực phụ trách đã được trình Chủ tịch UBND tỉnh công bố và niêm yết công khai.",
        "Sau mỗi quyết định công bố của Bộ, phòng đều trình danh mục của tỉnh và công khai trong thời hạn quy định.",
    ),
    "3.3": (
        "Nội dung thủ tục đã được cập nhật trên trang thông tin điện tử của Sở và tại Bộ phận tiếp nhận và trả kết quả.",
        "Đã đối chiếu bản niêm yết với quyết định công bố mới nhất và thay các trang hết hiệu lực.",
    ),
    "3.4": (
        "Đã đề xuất bỏ thành phần hồ sơ là giấy tờ có thể tra cứu trên cơ sở dữ liệu ngành.",
        "Phòng đã rà soát thành phần hồ sơ của từng thủ tục và kiến nghị bỏ các bản sao chứng thực không cần thiết.",
    ),
    "3.5": (
        "Thời gian giải quyết một số thủ tục đã được rút ngắn từ hai đến năm ngày làm việc so với quy định.",
        "Đã trình phê duyệt quy trình nội bộ mới, trong đó rút ngắn khâu thẩm định hồ sơ.",
    ),
    "4.1": (
        "Đã tham mưu kế hoạch thực hiện các nghị quyết về tinh gọn tổ chức bộ máy và báo cáo kết quả với Sở Nội vụ.",
    ),
    "4.2": (
        "Đã kiểm tra công vụ tại các đơn vị trực thuộc về chức năng, nhiệm vụ, biên chế và quản lý viên chức.",
    ),
    "4.3": (
        "Các báo cáo về biên chế, tổ chức bộ máy được gửi Sở Nội vụ theo đúng biểu mẫu và thời hạn.",
    ),
    "4.4": (
        "Việc phân cấp quản lý viên chức cho thủ trưởng các đơn vị trực thuộc được thực hiện đúng quyết định của UBND tỉnh.",
    ),
    "5.1": (
        "Công chức, viên chức được bố trí theo vị trí việc làm; tuyển dụng, bổ nhiệm và đánh giá đúng quy trình.",
    ),
    "5.2": (
        "Kế hoạch đào tạo, bồi dưỡng được xây dựng trên cơ sở nhu cầu đăng ký của các phòng và đơn vị trực thuộc.",
    ),
    "5.3": (
        "Hồ sơ cán bộ, công chức, viên chức được cập nhật trên phần mềm sau mỗi lần nâng lương, bổ nhiệm, điều động.",
    ),
    "6.1": (
        "Các quy chế được lấy ý kiến toàn cơ quan, thông qua tại Hội nghị cán bộ, công chức và công khai trên bảng tin.",
    ),
    "6.2": (
        "Phương án chi thu nhập tăng thêm được công đoàn thống nhất và chi theo kết quả phân loại hằng quý.",
    ),
    "6.3": (
        "Đã báo cáo kết quả thực hiện chế độ tự chủ, tự chịu trách nhiệm của cơ quan và các đơn vị sự nghiệp với Sở Tài chính.",
    ),
    "6.4": (
        "Chương trình thực hành tiết kiệm, chống lãng phí được ban hành và công khai tại cơ quan, trên trang thông tin điện tử.",
    ),
    "7.1": (
        "Văn bản đi, đến của phòng được xử lý trên hệ thống quản lý văn bản và điều hành, ký số trước khi phát hành.",
        "Phòng đã hoàn thành các hoạt động được giao trong kế hoạch ứng dụng công nghệ thông tin; hộp thư công vụ được dùng hằng ngày.",
    ),
    "7.2": (
        "Tin bài của phòng được gửi đăng đúng chuyên mục, có người kiểm tra trước khi đăng.",
        "Phòng đã cập nhật văn bản, lịch công tác và số liệu thuộc lĩnh vực phụ trách trên trang thông tin điện tử.",
    ),
    "7.3": (
        "Các thủ tục trong danh mục đã được cung cấp trực tuyến; phòng cử người hỗ trợ nộp hồ sơ qua mạng.",
        "Đã hướng dẫn các trường nộp hồ sơ trực tuyến, giảm số hồ sơ giấy nộp tại quầy.",
    ),
    "7.4": (
        "Đã phát tờ gấp, đăng video hướng dẫn và lồng ghép giới thiệu dịch vụ công trực tuyến trong các hội nghị chuyên môn.",
        "Phòng đã gửi văn bản hướng dẫn tới các cơ sở giáo dục và hỗ trợ qua điện thoại khi người dân nộp hồ sơ qua mạng.",
    ),
    "7.5": (
        "Các quy trình của phòng đã được viết lại theo TCVN ISO 9001:2015 và ban hành áp dụng.",
        "Đã tham gia đánh giá nội bộ, khắc phục các điểm lưu ý và cập nhật quy trình theo hệ thống mới.",
    ),
    "8.1": (
        "Tất cả thủ tục thuộc thẩm quyền được tiếp nhận và trả kết quả theo cơ chế một cửa; hồ sơ được theo dõi trên phần mềm.",
    ),
    "8.2": (
        "Đã phối hợp Bưu điện tỉnh tiếp nhận hồ sơ, trả kết quả qua dịch vụ bưu chính công ích và niêm yết giá cước tại quầy.",
    ),
    "8.3": (
        "Công chức trực tại Bộ phận Một cửa được bồi dưỡng kỹ năng giao tiếp; phiếu đánh giá được lấy ngay khi trả kết quả.",
    ),
    "8.4": (
        "Đã khảo sát mức độ hài lòng bằng phiếu giấy và biểu mẫu trực tuyến, tổng hợp theo từng lĩnh vực.",
    ),
}
# Area → how it stands; the second sentence of a report.
STANDING: dict[str, tuple[str, ...]] = {
    "1": (
        "Văn phòng Sở theo dõi tiến độ hằng tháng và nhắc các phòng chậm.",
        "Kết quả được thông báo tại giao ban hằng quý để rút kinh nghiệm.",
    ),
    "2": (
        "Không có văn bản nào phải đình chỉ hoặc bãi bỏ do trái quy định.",
        "Số liệu đã được đối chiếu với sổ theo dõi văn bản của phòng.",
    ),
    "3": (
        "Phòng phân công một chuyên viên làm đầu mối và báo cáo lãnh đạo phòng hằng tháng.",
        "Không có phản ánh, kiến nghị nào quá hạn trả lời.",
    ),
    "4": ("Các vấn đề phát hiện đều có văn bản yêu cầu khắc phục và được theo dõi đến khi xong.",),
    "5": ("Không có đơn thư khiếu nại, tố cáo về công tác cán bộ trong năm.",),
    "6": ("Hồ sơ được lưu tại phòng và sẵn sàng cho kiểm tra, thanh tra.",),
    "7": (
        "Phòng cử một chuyên viên phụ trách và tham gia đủ các lớp tập huấn.",
        "Kết quả được ghi trong báo cáo công nghệ thông tin hằng quý của phòng.",
        "Công chức của phòng đã quen với cách làm mới, ít phải hỗ trợ hơn năm trước.",
    ),
    "8": (
        "Người dân, tổ chức được nhắn tin khi hồ sơ có kết quả.",
        "Các trường hợp trễ hẹn đều có thư xin lỗi và nêu rõ ngày trả lại.",
    ),
}
DIFFICULTIES: dict[str, tuple[str, ...]] = {
    "1": ("Người làm đầu mối cải cách hành chính kiêm nhiệm nhiều việc nên có lúc báo cáo chậm.",),
    "2": ("Nhiều văn bản của trung ương thay đổi trong năm, phải rà soát lại nhiều lần.",),
    "3": (
        "Một số thủ tục phụ thuộc quyết định công bố của Bộ nên chưa chủ động được thời gian.",
        "Biểu mẫu đánh giá còn phức tạp, mất nhiều thời gian thu thập số liệu.",
    ),
    "4": ("Một đơn vị trực thuộc chưa kiện toàn xong cấp phó do thiếu nguồn quy hoạch.",),
    "5": ("Phần mềm quản lý cán bộ hay nghẽn vào cuối quý.",),
    "6": ("Định mức chi thấp so với giá thực tế nên phần tiết kiệm được không nhiều.",),
    "7": (
        "Đường truyền tại một số trường vùng xa chưa ổn định, hồ sơ trực tuyến phải nộp lại.",
        "Máy tính của phòng đã cũ, ký số thường bị lỗi.",
        "Người dân còn quen nộp hồ sơ giấy.",
    ),
    "8": ("Người dân ở gần Trung tâm hành chính nên ít chọn nhận kết quả qua bưu điện.",),
}
# Why the office returns a report; by area, any other by the empty one.
RETURN_REASONS: dict[str, tuple[str, ...]] = {
    "2": (
        "Số nội dung đã triển khai chưa khớp với kế hoạch của Sở; đề nghị phòng đối chiếu và gửi lại.",
        "Chưa nêu kết quả xử lý các văn bản kiến nghị sửa đổi, bãi bỏ; đề nghị bổ sung.",
    ),
    "3": (
        "Mẫu số chưa khớp với số thủ tục trong quyết định công bố; đề nghị phòng đối chiếu và gửi lại.",
        "Đề nghị nêu tên thủ tục được cắt giảm và thời gian trước, sau khi cắt giảm.",
    ),
    "7": (
        "Số văn bản khác với báo cáo quý III của phòng; đề nghị kiểm tra lại trên hệ thống.",
        "Đề nghị tách riêng hồ sơ nộp trực tuyến với hồ sơ nộp tại quầy rồi nhập lại.",
    ),
    "": (
        "Chưa có văn bản kiểm chứng; đề nghị bổ sung số, ký hiệu và ngày ban hành.",
        "Nội dung chưa nêu kết quả cụ thể; đề nghị viết rõ việc đã làm và sản phẩm.",
    ),
}
HAND_BACK_REASON = "Bổ sung số liệu của quý III rồi trình lại trước thứ Sáu."
REOPEN_REASON = "Số liệu mới tính đến giữa tháng; đề nghị cập nhật đến hết kỳ."
RELEASED = ("CTTT", "3.3")
RELEASE_REASON = "Phòng không quản lý thủ tục hành chính nào phải niêm yết trong năm"
# Documents of the plan's kind: indicator → (file number, kind of paper, where in the year from 0 to 1).
DOCUMENTS: dict[str, tuple[int, str, float]] = {
    "1.1-a": (12, "KH-SGDĐT", 0.04),
    "1.1-b": (18, "KH-SGDĐT", 0.07),
    "1.1-c": (41, "KH-SGDĐT", 0.15),
    "2.1-a": (22, "KH-SGDĐT", 0.08),
    "2.1-b": (23, "KH-SGDĐT", 0.08),
    "2.1-c": (27, "KH-SGDĐT", 0.1),
    "3.1-a": (31, "KH-SGDĐT", 0.12),
    "4.2-a": (56, "KH-SGDĐT", 0.2),
    "5.2-a": (874, "KH-SGDĐT", 0.0),  # its date is set by the plan's own rule (R10)
    "6.1-b": (63, "QĐ-SGDĐT", 0.06),
    "6.1-c": (64, "QĐ-SGDĐT", 0.06),
    "6.2-a": (102, "PA-SGDĐT", 0.25),
    "6.3-a": (317, "BC-SGDĐT", 0.55),
    "6.4-a": (35, "CTr-SGDĐT", 0.12),
    "7.1-a": (19, "KH-SGDĐT", 0.05),
    "8.4-a": (148, "KH-SGDĐT", 0.4),
    "8.4-b": (612, "BC-SGDĐT", 0.85),
}


def report_text(rng: random.Random, task: str, turn: int) -> str:
    """Two sentences; ``turn`` is the unit's place among those of the task."""
    done = DONE[task]
    return f"{done[turn % len(done)]} {rng.choice(STANDING[task.split('.')[0]])}"


def difficulties(rng: random.Random, task: str) -> str:
    """Something in the way of about every fourth report."""
    return rng.choice(DIFFICULTIES[task.split(".")[0]]) if rng.random() < 0.27 else ""


def return_reason(task: str, turn: int) -> str:
    """Why a report of ``task`` is returned; ``turn`` goes through the reasons of its area."""
    found = RETURN_REASONS.get(task.split(".")[0], RETURN_REASONS[""])
    return found[turn % len(found)]
