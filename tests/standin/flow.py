"""The site's side of the code flow, said by hand: what a test changes is an argument."""

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import requests

CALLBACK = "http://acme.localhost:8000/auth/callback/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def endpoints(idp):
    return requests.get(idp.url + idp.provider.flow.discovery_path, timeout=5).json()


def authorize_url(idp, **changes):
    query = {
        "response_type": "code",
        "client_id": idp.provider.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email offline_access",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    query = {name: value for name, value in query.items() if value is not None}
    return f"{endpoints(idp)['authorization_endpoint']}?{urlencode(query)}"


def answer_in(location):
    return dict(parse_qsl(urlsplit(location).query))


def code_for(idp, person, tenant=None, **changes):
    return answer_in(idp.pick(authorize_url(idp, **changes), person, tenant))["code"]


def exchange(idp, code, /, **changes):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return token(idp, {**form, **changes})


def refresh(idp, refresh_token):
    return token(idp, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def token(idp, form, auth=None):
    pair = auth or (idp.provider.client_id, idp.provider.client_secret)
    return requests.post(endpoints(idp)["token_endpoint"], data=form, auth=pair, timeout=5)


def read(idp, token, **options):
    """Claims of a token, its signature checked against the published keys."""
    key = jwt.PyJWKClient(endpoints(idp)["jwks_uri"], timeout=5).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False}, **options)
