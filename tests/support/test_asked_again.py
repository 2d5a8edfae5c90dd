"""The flows ask for the right themselves: it may have gone while the page was open."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from accounts.exceptions import PassTooLong, VisitTooLong
from accounts.flows import support
from accounts.models import SupportPass, SupportVisit
from tenants.schema import in_tenant

from .conftest import REASON

HOUR = timedelta(hours=1)


def test_nobody_enters_who_lost_the_right_meanwhile(platform, acme):
    with in_tenant(platform.tenant), pytest.raises(PermissionDenied):
        support.enter(operator=platform.auditor, tenant=acme.tenant, reason=REASON, length=HOUR)
    assert not SupportVisit.objects.exists()


@pytest.mark.parametrize("length", [timedelta(minutes=14), timedelta(hours=4, seconds=1), -HOUR])
def test_no_visit_of_another_length(platform, acme, length):
    with in_tenant(platform.tenant), pytest.raises(VisitTooLong):
        support.enter(operator=platform.support, tenant=acme.tenant, reason=REASON, length=length)
    assert not SupportVisit.objects.exists()


def test_nobody_ends_a_visit_who_lost_the_right_meanwhile(visit, acme):
    with pytest.raises(PermissionDenied):
        support.end(actor=acme.editor, visit=visit.row)
    assert visit.is_inside()


def test_nobody_issues_or_revokes_a_pass_who_lost_the_right_meanwhile(give_pass, acme):
    issued = give_pass()
    with pytest.raises(PermissionDenied):
        support.issue_pass(actor=acme.admin, length=HOUR)
    with pytest.raises(PermissionDenied):
        support.revoke_passes(actor=acme.admin)
    assert list(SupportPass.objects.running()) == [issued]


@pytest.mark.parametrize("length", [timedelta(minutes=59), timedelta(hours=24, seconds=1)])
def test_no_pass_of_another_length(acme, length):
    with pytest.raises(PassTooLong):
        support.issue_pass(actor=acme.owner, length=length)
    assert not SupportPass.objects.exists()
