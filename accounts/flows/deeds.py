"""What each task of the outbox is at the provider. Called outside of any transaction: most of it is waiting."""

from collections.abc import Callable, Iterable

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.exceptions import ProviderAway
from accounts.models import DirectoryTask, Role, User
from accounts.providers import registry
from accounts.providers.directory import Can, Directory, Refused
from accounts.roles import OWNER
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import role_map, role_sync

Deed = DirectoryTask.Deed


def carry_out(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    """Raises ProviderAway, Refused, CannotDoThat."""
    if not tenant.provider_tenant_id and task.deed != Deed.CREATE_TENANT:
        raise ProviderAway("the organisation is not there yet")
    DEEDS[Deed(task.deed)](task, directory, tenant)


def create_tenant(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    """And whoever signed it up as its first member."""
    if not tenant.provider_tenant_id:
        there = directory.create_tenant(wanted_id=task.details["wanted_id"], name=tenant.name, slug=tenant.slug)
        with in_public():
            Tenant.objects.filter(pk=tenant.pk, provider_tenant_id="").update(provider_tenant_id=there)
        tenant.provider_tenant_id = there
    if task.user:
        add_owner(tenant.provider_tenant_id, task.user.subject, directory, tenant)


def add_owner(there: str, subject: str, directory: Directory, tenant: Tenant) -> None:
    """With the role that is the owner's there, if there is one: here he holds it whatever the provider says."""
    if directory.member(there, subject) is None:
        directory.add_member(there, subject)
    try:
        words = words_of([OWNER], directory, tenant)
    except Refused:
        return
    if member := directory.member(there, subject):
        roles = tuple(dict.fromkeys([*member.roles, *words]))
        directory.set_roles(there, subject, roles=roles, held=member.roles)


def invite(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    roles = words_of(task.details["roles"], directory, tenant)
    link = directory.invite(
        tenant.provider_tenant_id,
        email=task.details["email"],
        name=task.details.get("name", ""),
        roles=tuple(roles),
        inviter=task.details.get("inviter") or tenant.name,
        back_to=tenant.absolute_url(),
    )
    if link:
        mail(task.details["email"], link, tenant)


def mail(email: str, link: str, tenant: Tenant) -> None:
    """For a provider that makes the link, and leaves it to us to bring it to the person."""
    context = {"tenant": tenant, "url": link}
    subject = " ".join(render_to_string("emails/provider_invitation_subject.txt", context).split())
    send_mail(subject, render_to_string("emails/provider_invitation.txt", context), None, [email])


def withdraw(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    """Asked when it is told, and not before: who has come in since then stays."""
    provider = registry.provider_of(tenant)
    issuers = provider.issuers if provider else ()

    def is_member(subject: str) -> bool:
        with in_tenant(tenant):
            return User.objects.members().filter(issuer__in=issuers, subject=subject).exists()

    directory.withdraw(tenant.provider_tenant_id, email=task.details["email"], is_member=is_member)


def set_roles(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    """Words of the provider's that mean nothing here, other products' roles say, are left as they are."""
    there, subject = tenant.provider_tenant_id, subject_of(task)
    member = directory.member(there, subject)
    if member is None:
        raise Refused(_("The identity provider does not know this person in the organisation."))
    wanted = words_of(task.details["roles"], directory, tenant)
    with in_tenant(tenant):
        foreign = [word for word in member.roles if means_nothing(word, tenant)]
    directory.set_roles(there, subject, roles=tuple(dict.fromkeys([*foreign, *wanted])), held=member.roles)


def means_nothing(word: str, tenant: Tenant) -> bool:
    return word != role_sync.staff_word(tenant) and not role_map.roles_meant(tenant.provider, [word])


def deactivate(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    directory.deactivate(tenant.provider_tenant_id, subject_of(task))


def reactivate(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    directory.reactivate(tenant.provider_tenant_id, subject_of(task))


def remove(task: DirectoryTask, directory: Directory, tenant: Tenant) -> None:
    directory.remove(tenant.provider_tenant_id, subject_of(task))


def subject_of(task: DirectoryTask) -> str:
    if task.user is None:
        raise Refused
    return task.user.subject


def words_of(keys: Iterable[str], directory: Directory, tenant: Tenant) -> list[str]:
    """What our roles are called at the provider. Raises Refused where it has none that means the role here."""
    known = directory.roles(tenant.provider_tenant_id) if Can.LIST_ROLES in directory.can else None
    with in_tenant(tenant):
        return [word_of(role, known, tenant.provider) for role in Role.objects.filter(key__in=list(keys))]


def word_of(role: Role, known: list[str] | None, provider: str) -> str:
    """`known` are the words that the provider has; None where any word will do."""
    word = role_map.word_for(provider, role, known or ())
    if word is None or (known is not None and word not in known):
        raise Refused(_("The identity provider has no role that is %(role)s here.") % {"role": role.name})
    return word


DEEDS: dict[str, Callable[[DirectoryTask, Directory, Tenant], None]] = {
    Deed.CREATE_TENANT: create_tenant,
    Deed.INVITE: invite,
    Deed.WITHDRAW: withdraw,
    Deed.SET_ROLES: set_roles,
    Deed.DEACTIVATE: deactivate,
    Deed.REACTIVATE: reactivate,
    Deed.REMOVE: remove,
}
