"""Sign-in by e-mail address, whatever its case."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import StandIn, User


class EmailBackend(ModelBackend):
    """Loads the person with unit and agency, and whether they stand in for their head today (R2a), in one query."""

    def get_user(self, user_id: int) -> User | None:
        standing = StandIn.objects.on(timezone.localdate()).filter(
            person=OuterRef("pk"), unit=OuterRef("unit")
        )
        user = (
            User.objects.get_queryset()
            .select_related("unit__agency")
            .annotate(standing_in=Exists(standing))
            .filter(pk=user_id)
            .first()
        )
        if user is None or not self.user_can_authenticate(user):
            return None
        user.stands_in = user.standing_in
        return user
