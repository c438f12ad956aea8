"""Sign-in by e-mail address, whatever its case."""

from django.contrib.auth.backends import ModelBackend

from accounts.models import User


class EmailBackend(ModelBackend):
    """Loads the person with unit and agency in one query: every page asks for them."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.get_queryset().select_related("unit__agency").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
