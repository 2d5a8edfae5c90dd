"""By what a request is who it is. `request.identity`, set by `accounts.middleware`, None for visitors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .models import ApiKey, User

if TYPE_CHECKING:
    from .providers.base import Claims


@dataclass(frozen=True)
class Identity:
    """The credential that was accepted. `user.limits` says what it may do at most.

    `through` is the kind of credential; `token` what a verified token says, also the one that a browser's session
    keeps; `key` is the API key's row.
    """

    through: Literal["session", "token", "key"]
    user: User
    token: "Claims | None" = None
    key: ApiKey | None = None

    @property
    def claims(self) -> Mapping[str, Any]:
        """The token's own words, verified; empty without one."""
        return self.token.raw if self.token else {}

    @property
    def label(self) -> str:
        """For logs and limits. Names the credential, never shows it."""
        return f"key {self.key.prefix}" if self.key else f"{self.through} of {self.user.pk}"
