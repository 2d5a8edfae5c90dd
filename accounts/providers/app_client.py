"""Tokens for allauth's headless app client: what a phone app gets instead of a cookie.

Nothing of allauth's own token handling is used: tokens are made by the local provider and read by the one
verifier, and the session token of a half-finished sign-in is sealed, so that it is no cookie in disguise.
"""

import logging

from allauth.core.internal.httpkit import authenticated_user
from allauth.headless.internal.sessionkit import lookup_session
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from allauth.usersessions.models import UserSession

from accounts.exceptions import CredentialRefused
from tenants.schema import current_schema, current_tenant
from tenants.sealing import Unsealable, seal, unseal

from . import local, verifier
from .base import Claims

logger = logging.getLogger(__name__)

# In the session: the id of the one refresh token that is good now.
REFRESH_ID = "refresh_token"


class TokenStrategy(AbstractTokenStrategy):
    def get_session_token(self, request):
        """The session of the access token that the middleware has accepted, else the one the header names."""
        identity = request.identity
        if identity and identity.through == "token":
            listed = UserSession.objects.filter(pk=identity.claims["sid"]).first()
            return listed and self.seal(listed.session_key)
        return super().get_session_token(request)

    def create_session_token(self, request):
        if not request.session.session_key:
            request.session.save()
        return self.seal(request.session.session_key)

    def lookup_session(self, session_token):
        try:
            return lookup_session(unseal(self.purpose(), session_token))
        except Unsealable:
            return None

    def seal(self, session_key: str) -> str:
        return seal(self.purpose(), session_key)

    def purpose(self) -> str:
        """A session token of one tenant is noise to another."""
        return f"session-token:{current_schema()}"

    def create_access_token_payload(self, request):
        user, session = authenticated_user(request), request.session
        listed = UserSession.objects.get(session_key=session.session_key)
        access, _jti = local.issue(local.ACCESS, user, listed)
        refresh, session[REFRESH_ID] = local.issue(local.REFRESH, user, listed)
        session.save()  # now: allauth is about to take sessions that are not stored off the list
        expires_in = int(local.LIFETIMES[local.ACCESS].total_seconds())
        return {"access_token": access, "refresh_token": refresh, "expires_in": expires_in}

    def refresh_token(self, refresh_token):
        """A new pair for a refresh token that is the newest of its session; each works once.

        One that was used before has been copied by somebody: the session ends, for both of them.
        """
        try:
            claims = self.refresh_claims(refresh_token)
        except CredentialRefused as refusal:
            logger.info("Refresh token refused: %s.", refusal.reason)
            return None
        listed = local.listed_session(claims).select_for_update(of=("self",)).first()
        session, user = local.session_of(claims), local.user_of(claims)
        if listed is None or session is None or user is None:
            return None
        if session.get(REFRESH_ID) != claims.raw["jti"]:
            logger.warning("A refresh token came twice: session %s is ended.", listed.pk)
            listed.end()
            return None
        access, _jti = local.issue(local.ACCESS, user, listed)
        refresh, session[REFRESH_ID] = local.issue(local.REFRESH, user, listed)
        session.save()
        return access, refresh

    def refresh_claims(self, refresh_token: str) -> Claims:
        claims, _provider = verifier.verify(refresh_token, entry=local.REFRESH, providers=[local.provider()])
        if claims.tenant != local.tenant_id(current_tenant()):
            raise CredentialRefused("another tenant's")
        return claims
