"""Rownd, for those who still have it: Ed25519 tokens without a tenant or roles, which are asked of its groups.

Source: docs/providers/rownd.md
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import cache

from accounts.exceptions import NotAdmitted, ProviderAway
from tenants.models import Tenant

from . import http, rownd_hub
from .base import ANSWER_KEPT_FOR, BEARER, SESSION, Claims, Kind, Provider, claim, tenant_id_at
from .management import or_none, part
from .remote_keys import RemoteKeys
from .rownd_directory import RowndDirectory
from .texts import cache_name, is_text, mapping, names

CLAIMS = "https://auth.rownd.io"


def is_no_refresh_token(claims: Mapping[str, Any]) -> bool:
    return claims.get(f"{CLAIMS}/jwt_type", "access_token") == "access_token"


USER_TOKEN = Kind("userToken", fits=is_no_refresh_token, names_tenant=False, is_complete=False)


def provider(key: str, values: Mapping[str, str]) -> Provider:
    base = values["API_URL"].rstrip("/")
    return Provider(
        key=key,
        name="Rownd",
        issuers=(base,),
        audiences=frozenset({f"app:{values['APP_ID']}"}),
        companions=frozenset({base}),
        algorithms=frozenset({"EdDSA"}),
        keys=RemoteKeys(lambda: f"{base}/hub/auth/keys"),
        kinds={BEARER: (USER_TOKEN,), SESSION: (USER_TOKEN,)},
        tenant_id=tenant_id_at(key),
        complete=complete(key, values),
        subject=claim(f"{CLAIMS}/app_user_id"),  # `sub` is one way of signing in, of which a person may have several
        email_verified=is_verified,
        directory=lambda: RowndDirectory(values),
        widget=rownd_hub.widget(base, values),
        sign_out=rownd_hub.sign_out(base, values),
    )


def is_verified(claims: Mapping[str, Any]) -> bool:
    """Guests and instant accounts are not: they have proven no address."""
    return (
        claims.get(f"{CLAIMS}/is_verified_user") is True
        and claims.get(f"{CLAIMS}/is_anonymous") is not True
        and claims.get(f"{CLAIMS}/auth_level") == "verified"
    )


def complete(key: str, values: Mapping[str, str]) -> Callable[[Claims, Tenant], Claims]:
    """For `Provider.complete`: the same claims with the roles and the address that its person has in this group now."""

    def with_group(claims: Claims, tenant: Tenant) -> Claims:
        name = cache_name("rownd-user", key, tenant.provider_tenant_id, claims.subject)
        found = cache.get(name)
        if found is None:
            found = {"said": asked(values, claims.subject)}
            cache.set(name, found, ANSWER_KEPT_FOR)
        return in_group(claims, found["said"], tenant.provider_tenant_id)

    return with_group


def asked(values: Mapping[str, str], subject: str) -> Mapping[str, Any]:
    """What Rownd keeps of its user: his data, what is proven of it, his groups. Empty for one whom it does not know."""
    person = or_none(lambda: part(subject))
    if person is None:
        return {}
    answer = http.ask(
        "GET",
        f"{values['API_URL'].rstrip('/')}/applications/{part(values['APP_ID'])}/users/{person}/data",
        headers={"x-rownd-app-key": values["APP_KEY"], "x-rownd-app-secret": values["APP_SECRET"]},
    )
    if answer.status == 404:
        return {}
    if answer.status != 200:
        raise ProviderAway(f"status {answer.status}")
    return mapping(answer.json())


def in_group(claims: Claims, user: Mapping[str, Any], group: str) -> Claims:
    """Raises NotAdmitted for somebody who is no active member of the group, or who is disabled altogether."""
    member = member_of(user, group, claims.subject)
    if member is None or user.get("state") != "enabled":
        raise NotAdmitted("no active member of the group", actor=claims.actor)
    email = mapping(user.get("data")).get("email")
    is_proven = claims.email_verified is True and mapping(user.get("verified_data")).get("email") == email
    return claims.told(
        tenant=group,
        roles=names(member.get("roles")),
        email=email.lower() if is_text(email) else "",
        email_verified=is_proven and is_text(email),
        name=name_of(mapping(user.get("data"))) or claims.name,
    )


def member_of(user: Mapping[str, Any], group: str, subject: str) -> Mapping[str, Any] | None:
    groups = user.get("groups")
    for each in groups if isinstance(groups, list) else []:
        member = mapping(mapping(each).get("member"))
        is_theirs = member.get("user_id") == subject and member.get("group_id", group) == group
        if is_theirs and mapping(mapping(each).get("group")).get("id") == group and member.get("state") == "active":
            return member
    return None


def name_of(data: Mapping[str, Any]) -> str:
    parts = (data.get(part) for part in ("first_name", "last_name"))
    return " ".join(part for part in parts if is_text(part))
