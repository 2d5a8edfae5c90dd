"""What is logged of which rows. Every model of a tenant is logged unless it stands in NOT_LOGGED, with the reason.

Models are named by text, as `app.model`, so that libraries' models can be ruled on as well as our own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import models


@dataclass(frozen=True)
class Part:
    """The row is no object of its own, but one item of something that another object has.

    `of` names the foreign key to that object, `called` what it has ("roles"), `text` says the row in words.
    """

    of: str
    called: str
    text: Callable[[models.Model], str] = str


@dataclass(frozen=True)
class Rule:
    """How the rows of one model are logged.

    `ignored` is field -> why a change of it is none to anybody; a change of nothing else is not even read.
    Of the `secret` fields it is only told that they changed. `related` are fetched before a row is put in
    words. `verbs` are the actions for a row that came, changed and went; `deeds` name a change of one field
    better. A row that has a `face` is shown as that: a Django group as its role.
    """

    ignored: Mapping[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    related: tuple[str, ...] = ()
    part: Part | None = None
    verbs: tuple[str, str, str] = ("created", "changed", "deleted")
    deeds: Mapping[str, str] = field(default_factory=dict)
    face: str = ""


NOT_LOGGED = {
    "contenttypes.contenttype": "the same in every tenant; changed by migrations alone",
    "auth.permission": "the same in every tenant; changed by migrations alone",
    "sessions.session": "sign-ins, sign-outs and ended sessions have lines of their own",
    "usersessions.usersession": "the same; the list is also tidied while it is read",
    "accounts.signinticket": "lives for a minute; coming in by it is a sign-in",
    "accounts.providersession": "part of a session; refreshed tokens change it all the time",
    "accounts.syncedrole": "which roles are the provider's; that somebody holds one has its line",
    "accounts.directorytask": "what the provider is to be told; what was done here has its line",
    "accounts.idempotentanswer": "a copy of an answer; what was done has its line",
    "account.emailconfirmation": "the key of a mail; the address that it confirms is logged",
    "admin.logentry": "the admin site's own log, of changes that are logged here",
    "audit.entry": "the log itself",
    "audit.link": "the log's own seal",
}

RULES: dict[str, Rule] = {
    "accounts.user": Rule(
        ignored={
            "last_seen": "moves by being there",
            "last_login": "signing in has a line of its own",
            "synced_at": "moves with each new token",
            "synced_token": "moves with each new token",
        },
        secret=frozenset({"password"}),
        deeds={"password": "password_changed"},
    ),
    "accounts.user_groups": Rule(
        related=("user", "group"),
        part=Part("user", "roles", lambda row: str(row.group)),  # type: ignore[attr-defined]
        verbs=("role_changed",) * 3,
    ),
    "accounts.role": Rule(related=("group",)),
    "accounts.rolelink": Rule(related=("role__group",)),
    "auth.group": Rule(related=("role",), face="role"),
    "auth.group_permissions": Rule(
        related=("group__role", "permission"),
        part=Part("group", "permissions", lambda row: row.permission.name),  # type: ignore[attr-defined]
        verbs=("changed",) * 3,
    ),
    "accounts.invitation": Rule(secret=frozenset({"token_hash"}), related=("role__group",)),
    "accounts.apikey": Rule(
        ignored={"last_used_at": "moves by being used", "last_used_from": "moves by being used"},
        secret=frozenset({"secret_hash"}),
    ),
    "accounts.supportpass": Rule(),
    "accounts.supportvisit": Rule(related=("visitor",)),
    "account.emailaddress": Rule(
        related=("user",),
        part=Part("user", "addresses", lambda row: address(row)),
        verbs=("address_added", "address_changed", "address_removed"),
    ),
    "mfa.authenticator": Rule(
        ignored={"last_used_at": "moves by being used", "data": "a secret and its counter, moved by being used"},
        related=("user",),
        part=Part("user", "second_factors", lambda row: second_factor(row)),
        verbs=("second_factor_added", "second_factor_changed", "second_factor_removed"),
    ),
}


def address(row) -> str:
    """An address with what is known of it."""
    marks = [name for name in ("primary", "verified") if getattr(row, name)]
    return f"{row.email} ({', '.join(marks)})" if marks else row.email


def second_factor(row) -> str:
    """A passkey by the name that its owner gave it, anything else by its kind."""
    return row.data.get("name") or str(row.get_type_display())


def declare(label: str, rule: Rule) -> None:
    """How an app higher up has its rows logged. Called once, when it is ready."""
    RULES[label] = rule
    rule_for.cache_clear()


@cache
def rule_for(model: type[models.Model]) -> Rule | None:
    """None for what is not logged: see NOT_LOGGED; also shared tables, and the models that a migration works with."""
    label = model._meta.label_lower
    if label in NOT_LOGGED or model._meta.app_config is None or not is_of_a_tenant(model):
        return None
    if apps.get_model(label) is not model:
        return None
    return RULES.get(label) or grant_rule(model) or Rule()


def is_of_a_tenant(model: type[models.Model]) -> bool:
    return model._meta.app_config.name in settings.TENANT_APPS


def grant_rule(model: type[models.Model]) -> Rule | None:
    """Grants of whatever may be shared (accounts/access.py): a part of the shared object."""
    names = {each.name for each in model._meta.fields}
    holder = next((name for name in ("user", "group") if name in names), None)
    if holder is None or not {"permission", "content_object"} <= names:
        return None
    return Rule(
        related=("content_object", holder, "permission"),
        part=Part("content_object", "shared_with", lambda row: f"{getattr(row, holder)}: {row.permission.name}"),  # type: ignore[attr-defined]
        verbs=("shared", "shared", "unshared"),
    )


def logged_models() -> list[type[models.Model]]:
    """Every model whose rows are logged, those of many-to-many relations included."""
    return [model for model in apps.get_models(include_auto_created=True) if rule_for(model)]
