"""What the log's short names are called on the page."""

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant

from .rules import logged_models, rule_for

# What somebody did, as in "Olive changed …". What is missing here is shown as it is, with blanks, and is not in the
# filter's list; a test finds it.
ACTIONS = {
    "created": _("added"),
    "changed": _("changed"),
    "deleted": _("deleted"),
    "shared": _("changed who has access to"),
    "unshared": _("took away access to"),
    "exported": _("exported the log"),
    "permission_refused": _("was refused"),
    "signed_in": _("signed in"),
    "signed_out": _("signed out"),
    "sign_in_failed": _("failed to sign in"),
    "session_ended": _("ended a session of"),
    "password_changed": _("changed the password of"),
    "second_factor_added": _("added a second factor of"),
    "second_factor_changed": _("changed a second factor of"),
    "second_factor_removed": _("removed a second factor of"),
    "address_added": _("added an address of"),
    "address_changed": _("changed an address of"),
    "address_removed": _("removed an address of"),
    "address_confirmed": _("confirmed an address of"),
    "role_changed": _("changed the role of"),
    "deactivated": _("deactivated"),
    "reactivated": _("reactivated"),
    "member_removed": _("removed"),
    "member_left": _("left the organisation"),
    "joined": _("came in for the first time as"),
    "roles_followed": _("took over from the identity provider the roles of"),
    "role_linked": _("said which role here is the provider's"),
    "role_relinked": _("changed which role here is the provider's"),
    "role_unlinked": _("no longer says which role here is the provider's"),
    "service_account_made": _("made the service account"),
    "invited": _("sent the invitation"),
    "invitation_resent": _("sent again the invitation"),
    "invitation_withdrawn": _("withdrew the invitation"),
    "invitation_accepted": _("accepted the invitation"),
    "api_key_created": _("made"),
    "api_key_revoked": _("revoked"),
    "organisation_created": _("signed up"),
    "organisation_changed": _("changed the settings of"),
    "restored": _("restored"),
    "domain_claimed": _("claimed an address for"),
    "domain_proven": _("is now served at an address of"),
    "domain_lost": _("is no longer served at an address of"),
    "domain_removed": _("gave up an address of"),
    "connected": _("changed who signs in to"),
    "suspended": _("suspended"),
    "resumed": _("resumed"),
    "renamed": _("renamed"),
    "moved": _("moved to another address"),
    "closed": _("closed"),
    "reopened": _("reopened"),
    "entered": _("entered as support"),
    "visit_opened": _("opened"),
    "visit_started": _("began"),
    "visit_ended": _("ended"),
    "page_seen": _("saw a page on"),
    "pass_issued": _("issued"),
    "pass_revoked": _("revoked"),
}
# Models that people know by another name than the code's.
TYPES = {"tenants.tenant": _("organisation"), "accounts.user": _("member"), "accounts.apikey": _("API key")}
# guardian's own tables for grants are not used: ours lie beside each model.
UNKNOWN_APPS = {"guardian"}
# These are whole sentences: the object is the actor himself.
COMPLETE = {"signed_in", "signed_out", "member_left"}


def action_words(action: str) -> str:
    return str(ACTIONS.get(action) or action.replace("_", " "))


def action_choices() -> list[tuple[str, str]]:
    """By their short names, which tell "revoked" an API key from "revoked" a pass."""
    return sorted((action, capfirst(action.replace("_", " "))) for action in ACTIONS)


def model_named(object_type: str):
    """`catalog.product` -> Product; None for a model that is no longer there."""
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def type_words(object_type: str) -> str:
    model = model_named(object_type)
    return str(TYPES.get(object_type) or (model._meta.verbose_name if model else object_type))


def type_choices() -> list[tuple[str, str]]:
    """What lines are about: not what is shown as a part, or by the face, of something else."""
    labels = [Tenant._meta.label_lower]
    for model in logged_models():
        rule = rule_for(model)
        if rule and not (rule.part or rule.face or model._meta.app_label in UNKNOWN_APPS):
            labels.append(model._meta.label_lower)
    return sorted(((label, capfirst(type_words(label))) for label in labels), key=lambda choice: choice[1])


def field_words(object_type: str, name: str) -> str:
    """The field's name as forms show it."""
    model = model_named(object_type)
    known = {field.name: field for field in model._meta.get_fields()} if model else {}
    words = getattr(known.get(name), "verbose_name", None) or name.replace("_", " ")
    return capfirst(str(words))
