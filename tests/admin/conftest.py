import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import Role
from tests.test_matrix import cell, pictured, someone, target  # noqa: F401  (fixtures)


@pytest.fixture
def opened(acme):
    """Every role opens the admin site. What one meets inside is then a matter of rights alone."""
    Role.objects.update(opens_admin=True)


@pytest.fixture
def desk(acme):
    """`desk(*permissions)`: a role that opens the admin site and holds these rights, given to the guest alone."""

    def make(*permissions: str) -> Role:
        group = Group.objects.create(name="Desk")
        group.permissions.set(Permission.objects.filter(codename__in=[name.partition(".")[2] for name in permissions]))
        acme.guest.groups.set([group])
        return Role.objects.create(group=group, key="desk", opens_admin=True)

    return make
