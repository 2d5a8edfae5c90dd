import jwt
from django.conf import settings
from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

jwks = jwt.PyJWKClient(settings.JWKS_URL)


class JWTAuthentication(BaseAuthentication):
    """Bearer RS256 token; the user is a row of the tenant's own auth_user."""

    def authenticate(self, request):
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            return None
        claims = verify(parts[1].decode())
        if claims.get("tenant") != request.tenant.schema_name:
            raise AuthenticationFailed("token is for another tenant")
        user, _ = get_user_model().objects.get_or_create(username=claims["sub"])
        return user, claims

    def authenticate_header(self, request):
        return "Bearer"


def verify(token):
    try:
        key = jwks.get_signing_key_from_jwt(token)
        return jwt.decode(
            token, key.key, algorithms=["RS256"], audience=settings.JWT_AUDIENCE, issuer=settings.JWT_ISSUER
        )
    except jwt.PyJWTError as error:
        raise AuthenticationFailed(str(error)) from error
