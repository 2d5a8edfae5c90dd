import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
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
            validate_email(email)
            tenant, _ticket = sign_up(
                organisation=name,
                slug=slug,
                name=owner or email,
                email=email,
                password=secrets.token_urlsafe(32),  # nobody knows it: the owner chooses his own
                currency=currency.upper(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
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
