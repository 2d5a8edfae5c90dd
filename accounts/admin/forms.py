"""What the forms of the admin site have in common."""

from django import forms

from accounts.exceptions import AccountsError


class DoorForm(forms.ModelForm):
    """A form of the admin site. `actor` fills it in; `refusal` is what the flow said when it was sent.

    A flow refuses after the form has found everything right, so the form is shown once more with the reason.
    """

    actor = None
    refusal: AccountsError | None = None
    gives_role = False

    @property
    def status(self) -> int:
        """How a form that was sent is answered. A role that is no choice is one that the actor may not give."""
        if self.refusal:
            return self.refusal.status
        if self.gives_role and self.has_error("role", "invalid_choice"):
            return 403
        return 422 if self.errors else 200

    def clean(self):
        cleaned = super().clean()
        if self.refusal:
            self.add_error(self.refusal.field if self.refusal.field in self.fields else None, self.refusal.message)
        return cleaned
