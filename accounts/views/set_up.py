"""On the public host: signing up at an identity provider, and the page that gives the new organisation its address."""

from dataclasses import asdict

from django.conf import settings
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts import limits
from accounts.exceptions import SignInFailed, TooMany
from accounts.flows import set_up
from accounts.flows.set_up import Newcomer
from accounts.forms import SetUpForm
from accounts.guards import open_to_all
from accounts.providers import registry
from accounts.sealed_cookies import SealedCookie
from tenants.exceptions import AddressTaken, SchemaExists

from .hosted import failed
from .public import TAKEN

# Who signed up, between the provider's page and the form. No token is kept: he signs in to his organisation anew.
NEWCOMER = SealedCookie("newcomer", settings.SET_UP_LIFETIME)


def remember_newcomer(response, newcomer: Newcomer) -> None:
    NEWCOMER.keep(response, asdict(newcomer))


@method_decorator(never_cache, name="dispatch")
@open_to_all("a verified sign-in at the provider, kept sealed by this browser, is the proof")
class SetUpView(FormView):
    """Name and address of the new organisation. Sent twice, it leads to the one that was made."""

    template_name = "providers/set_up.html"
    form_class = SetUpForm
    newcomer: Newcomer

    def dispatch(self, request, *args, **kwargs):
        kept = NEWCOMER.read(request)
        if kept is None:
            return failed(request, SignInFailed())
        self.newcomer = Newcomer(**kept)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        return {"name": self.newcomer.name}

    def get_context_data(self, **kwargs):
        provider = registry.hosted_providers().get(self.newcomer.provider)
        return super().get_context_data(
            newcomer=self.newcomer, provider=provider, base_domain=settings.BASE_DOMAIN, **kwargs
        )

    def form_valid(self, form):
        try:
            limits.spend(self.request, "tenant_sign_up")
            tenant = set_up.set_up(self.newcomer, **form.cleaned_data)
        except TooMany as error:
            form.add_error(None, error.message)
            return self.form_invalid(form, status=429)
        except (AddressTaken, SchemaExists):
            form.add_error("slug", TAKEN)
            return self.form_invalid(form, status=409)
        # A page and no redirect: it would be followed to hosts of the provider's, which a form here may not lead to.
        url = set_up.sign_in_url(tenant)
        return render(self.request, "providers/set_up_done.html", {"organisation": tenant, "url": url})

    def form_invalid(self, form, *, status: int = 422):
        return self.render_to_response(self.get_context_data(form=form), status=status)
