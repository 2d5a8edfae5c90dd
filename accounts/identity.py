"""By what a request is who it is. `request.identity`, set by `accounts.middleware`, None for visitors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .models import ApiKey, User


@dataclass(frozen=True)
class Identity:
    """The credential that was accepted. `user.limits` says what it may do at most.

    `through` is the kind of credential; `claims` are a verified token's; `key` is the API key's row.
    """

    through: Literal["session", "token", "key"]
    user: User
    claims: Mapping[str, Any] = field(default_factory=dict)
    key: ApiKey | None = None

    @property
    def label(self) -> str:
        """For logs and limits. Names the credential, never shows it."""
        return f"key {self.key.prefix}" if self.key else f"{self.through} of {self.user.pk}"
