import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils.module_loading import import_string

from tenants.exceptions import AddressTaken, SchemaExists, TemplateMissing
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Sign up an organisation with its first owner, as the sign-up page does."

    def add_arguments(self, parser):
        parser.add_argument("name", help="The organisation's name.")
        parser.add_argument("slug", help="Its address part: acme in acme.example.com.")
        parser.add_argument("email", help="The first owner's e-mail address.")
        parser.add_argument("--owner", help="The first owner's name; without it, the address.")
        parser.add_argument("--currency", default="EUR", help="ISO 4217 code of its prices.")

    def handle(self, *args, name, slug, email, owner, currency, **options):
        sign_up = import_string(settings.TENANT_SIGN_UP_FLOW)
        try:
            refuse_unfit_owner(email=email, name=owner or email)
            tenant, _ticket = sign_up(
                organisation=name,
                slug=slug,
                name=owner or email,
                email=email,
                password=secrets.token_urlsafe(32),  # nobody knows it: the owner chooses his own
                currency=currency.upper(),
            )
        except ValidationError as error:
            raise CommandError(in_words(error)) from error
        except AddressTaken as error:
            raise CommandError(f"The address {slug!r} is taken.") from error
        except SchemaExists as error:
            raise CommandError(
                f"A schema of that name exists without a tenant; see `manage.py doctor`: {error}"
            ) from error
        except TemplateMissing as error:
            raise CommandError(str(error)) from error
        reset = tenant.absolute_url(reverse("account_reset_password", urlconf=settings.ROOT_URLCONF))
        self.stdout.write(f"{tenant} is at {tenant.absolute_url()}\nThe owner chooses a password at {reset}")


def refuse_unfit_owner(**fields: str) -> None:
    """What the user's own fields refuse, before anything is made. Raises ValidationError."""
    user = get_user_model()(**fields)
    user.clean_fields(exclude={field.name for field in user._meta.fields} - set(fields))


def in_words(error: ValidationError) -> str:
    """One line; where the error is about fields, each with its name."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())
