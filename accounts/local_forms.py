"""What allauth's own forms do not know: that some people have no password here, and are to get none."""

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm


class ResetPasswordForm(AllauthResetPasswordForm):
    def clean_email(self) -> str:
        """Answers the same for any address; mail with a link goes to people with an account of ours alone."""
        email = super().clean_email()
        self.users = [user for user in self.users if user.is_local]  # type: ignore[has-type]
        return email
