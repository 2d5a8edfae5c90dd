"""What the site, the SDK and the web component ask of Descope, said by hand."""

import jwt
import requests


def verified(idp, token, **options):
    """The claims, by the key set that the site would read."""
    jwks = requests.get(f"{idp.url}/v2/keys/{idp.provider.project_id}", timeout=5).json()
    keys = {key["kid"]: jwt.PyJWK(key) for key in jwks["keys"]}
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.decode(token, keys[kid], algorithms=["RS256"], options={"verify_aud": False, **options})


def call(idp, method, path, token="", *, project=None, **body):
    """As the SDK does: the bearer is the project's id and a token behind a colon."""
    bearer = f"{project or idp.provider.project_id}:{token}"
    return requests.request(method, idp.url + path, json=body, headers={"Authorization": f"Bearer {bearer}"}, timeout=5)


def manage(idp, path, method="POST", key=None, params=None, **body):
    """A management call: the bearer ends in the management key instead."""
    bearer = f"{idp.provider.project_id}:{key or idp.provider.management_key}"
    headers = {"Authorization": f"Bearer {bearer}", "x-descope-project-id": idp.provider.project_id}
    return requests.request(method, idp.url + path, json=body, params=params, headers=headers, timeout=5)


def in_flow(idp, step, project=None, **body):
    """A step of the component on a page of the site."""
    headers = {"Authorization": f"Bearer {project or idp.provider.project_id}", "Origin": "http://acme.localhost:8000"}
    return requests.post(f"{idp.url}/v1/flow/{step}", json=body, headers=headers, timeout=5)
