from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = "Tổng quan và hồ sơ nộp"

    def ready(self) -> None:
        from scoring import recounting

        recounting.listen()
