from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Cơ quan và tài khoản"

    def ready(self) -> None:
        from accounts.guard import guard_after_migrate

        post_migrate.connect(guard_after_migrate, sender=self, dispatch_uid="history_guard")
