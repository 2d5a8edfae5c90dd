import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.urls import reverse

from accounts.flows.sign_up import create_platform
from tenants.exceptions import AddressTaken, SchemaExists, TemplateMissing
from tenants.management.base import OperatorCommand
from tenants.management.commands.create_tenant import in_words, refuse_unfit_owner


class Command(OperatorCommand):
    help = "Make the operators' own organisation, which serves the operator console, with its first owner."

    def add_arguments(self, parser):
        parser.add_argument("--owner-email", required=True, help="The first owner's e-mail address.")
        parser.add_argument("--owner", help="The first owner's name; without it, the address.")
        parser.add_argument("--name", default="Platform", help="What it is called in the bar.")

    def handle(self, *args, owner_email, owner, name, **options):
        owner = owner or owner_email
        try:
            refuse_unfit_owner(email=owner_email, name=owner)
            password = secrets.token_urlsafe(32)  # nobody knows it: the owner chooses his own
            tenant = create_platform(name=name, owner=owner, email=owner_email, password=password)
        except ValidationError as error:
            raise CommandError(in_words(error)) from error
        except AddressTaken as error:
            raise CommandError("The platform is there already. Invite more operators on its pages.") from error
        except SchemaExists as error:
            raise CommandError(f"A schema of that name exists without it; see `manage.py doctor`: {error}") from error
        except TemplateMissing as error:
            raise CommandError(str(error)) from error
        reset = tenant.absolute_url(reverse("account_reset_password", urlconf=settings.PLATFORM_URLCONF))
        self.stdout.write(f"The console is at {tenant.absolute_url()}\nThe owner chooses a password at {reset}")
