"""What the site and the Hub ask of Rownd, said by hand."""

import jwt
import requests


def verified(idp, token):
    """The claims, by the key set and the audience that the site would use."""
    key = requests.get(f"{idp.url}/hub/auth/keys", timeout=5).json()["keys"][0]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    audience = f"app:{idp.provider.app_id}"
    return jwt.decode(token, jwt.PyJWK(key), algorithms=["EdDSA"], audience=audience, issuer=idp.url)


def hub(idp, path, method="POST", key=None, **body):
    headers = {"x-rownd-app-key": key or idp.provider.app_key}
    return requests.request(method, idp.url + path, json=body, headers=headers, timeout=5)


def app(idp, path, method="GET", params=None, secret=None, **body):
    rownd = idp.provider
    headers = {"x-rownd-app-key": rownd.app_key, "x-rownd-app-secret": secret or rownd.app_secret}
    url = f"{idp.url}/applications/{rownd.app_id}{path}"
    return requests.request(method, url, json=body, params=params, headers=headers, timeout=5)
