"""What is counted of a tenant's people for the operators (settings.TENANT_FIGURES)."""

from django.db.models import Count, Max

from .models import User


def count(connection) -> dict:
    """Members who can sign in, and when anybody was here last. `connection` is bound to the tenant."""
    members = User.objects.using(connection.alias).members().active()
    return members.aggregate(people=Count("pk"), last_used_at=Max("last_seen"))
