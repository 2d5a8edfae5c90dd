"""What becomes of people, and of what is known of them, when a tenant is dumped (tenants/dumps/rules.py).

A column of text that is named neither as masked nor as clean stops every masked dump, and a test.
"""

from tenants.dumps.rules import SANDBOX_DOMAIN, Rule

NOT_KEPT = Rule(in_dumps=False)
ABOUT_PEOPLE = Rule(in_masked=False)
EMPTY = "''"


def address(number: str) -> str:
    """SQL for an address of nobody, another one for each number."""
    return f"'person-' || {number} || '@{SANDBOX_DOMAIN}'"


RULES = {
    # Good here and now alone: whoever holds one of these would be let in by a restored copy. The queue of what an
    # identity provider is to be told was told since.
    "django_session": NOT_KEPT,
    "usersessions_usersession": NOT_KEPT,
    "accounts_providersession": NOT_KEPT,
    "accounts_signinticket": NOT_KEPT,
    "accounts_idempotentanswer": NOT_KEPT,
    "accounts_directorytask": NOT_KEPT,
    "account_emailconfirmation": NOT_KEPT,
    # A chain of digests that begins with the schema's name.
    "audit_link": Rule(bound_to_schema=True),
    "accounts_apikey": ABOUT_PEOPLE,
    "accounts_invitation": ABOUT_PEOPLE,
    "accounts_supportpass": ABOUT_PEOPLE,
    "accounts_supportvisit": ABOUT_PEOPLE,
    "accounts_syncedrole": ABOUT_PEOPLE,
    "mfa_authenticator": ABOUT_PEOPLE,
    "accounts_user": Rule(
        masks={
            "password": "'!'",
            "email": address("id"),
            "name": "'Person ' || id",
            "picture": EMPTY,
            "issuer": "'local'",
            "subject": "'person-' || id",
            "synced_token": EMPTY,
        },
        clean=frozenset({"kind"}),
    ),
    "account_emailaddress": Rule(
        masks={"email": f"""CASE WHEN "primary" THEN {address("user_id")} ELSE {address("user_id || '-' || id")} END"""}
    ),
    "audit_entry": Rule(
        masks={
            "actor_name": "CASE WHEN actor_id IS NULL THEN '' ELSE 'Person ' || actor_id END",
            "credential": EMPTY,
            "object_name": "object_type || ' ' || object_id",
            "changes": "'{}'",
            "detail": EMPTY,
            "address": "NULL",
        },
        clean=frozenset({"through", "action", "object_type", "object_id", "request_id"}),
    ),
    "django_admin_log": Rule(
        masks={"object_repr": "'object ' || object_id", "change_message": EMPTY}, clean=frozenset({"object_id"})
    ),
    "auth_group": Rule(clean=frozenset({"name"})),
    "accounts_role": Rule(clean=frozenset({"key", "description"})),
    "accounts_rolelink": Rule(clean=frozenset({"provider", "key"})),
    "guardian_userobjectpermission": Rule(clean=frozenset({"object_pk"})),
    "guardian_groupobjectpermission": Rule(clean=frozenset({"object_pk"})),
}
