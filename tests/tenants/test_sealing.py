"""What is sealed opens for its purpose, and under the secrets that the settings name now."""

import pytest

from tenants.sealing import Unsealable, seal, unseal


def test_it_opens_for_its_own_purpose_alone():
    sealed = seal("cursor:t_acme", "coffee")
    assert unseal("cursor:t_acme", sealed) == "coffee"
    with pytest.raises(Unsealable):
        unseal("cursor:t_globex", sealed)


def test_a_secret_that_is_gone_opens_nothing(settings):
    """The keys that follow from the secrets are kept: for these secrets, and for no others."""
    first, sealed = settings.SECRET_KEY, seal("cursor", "coffee")
    settings.SECRET_KEY = "another secret " * 4
    with pytest.raises(Unsealable):
        unseal("cursor", sealed)
    settings.SECRET_KEY_FALLBACKS = [first]
    assert unseal("cursor", sealed) == "coffee"
    newer = seal("cursor", "tea")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, []
    with pytest.raises(Unsealable):
        unseal("cursor", newer)
