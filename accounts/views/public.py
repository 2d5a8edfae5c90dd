"""The public host: landing, sign-up, find my organisation."""

from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.generic import FormView, TemplateView

from accounts import limits
from accounts.exceptions import TooMany
from accounts.flows.sign_up import sign_up
from accounts.forms import FindForm, SignUpForm
from accounts.guards import open_to_all
from accounts.providers import registry
from tenants import directory
from tenants.exceptions import AddressTaken, SchemaExists
from tenants.models import FormerAddress, Tenant, absolute_url, public_url
from tenants.slugs import clean_slug

TAKEN = "This address is taken. Please choose another."


@open_to_all("the front page")
class LandingView(TemplateView):
    template_name = "public/landing.html"


# A browser holds the redirect after a form's POST to form-action as well, and it leads to the new tenant's host.
@method_decorator(csp_update({"form-action": absolute_url(f"*.{settings.BASE_DOMAIN}", "")}), name="dispatch")
@open_to_all("anyone may sign up an organisation")
class SignUpView(FormView):
    template_name = "public/sign_up.html"
    form_class = SignUpForm
    extra_context = {"base_domain": settings.BASE_DOMAIN}

    def dispatch(self, request, *args, **kwargs):
        """Where new organisations come by an identity provider, its page is where one signs up."""
        if settings.IDENTITY_PROVIDER != "local":
            provider = registry.hosted_providers().get(settings.IDENTITY_PROVIDER)
            return render(request, "providers/sign_up.html", {"provider": provider})
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        try:
            limits.spend(self.request, "tenant_sign_up")
            fields = form.cleaned_data
            tenant, ticket = sign_up(**fields)
        except TooMany as error:
            form.add_error(None, error.message)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        except (AddressTaken, SchemaExists):
            form.add_error("slug", TAKEN)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        path = reverse("accounts:arrive", args=[ticket], urlconf=settings.ROOT_URLCONF)
        return redirect(tenant.absolute_url(path))

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


@open_to_all("tells while typing whether an address is free")
def check_address(request):
    """A hint only: the database decides when the form is sent."""
    try:
        limits.spend(request, "check_address")
        slug = clean_slug(request.GET.get("slug", "")[:64])
    except (ValidationError, TooMany) as error:
        return render(request, "public/_address.html", {"problem": " ".join(getattr(error, "messages", [str(error)]))})
    held = FormerAddress.objects.held().filter(slug=slug)
    taken = Tenant.objects.filter(slug=slug).exists() or held.exists()
    context = {"problem": TAKEN} if taken else {"host": f"{slug}.{settings.BASE_DOMAIN}"}
    return render(request, "public/_address.html", context)


@open_to_all("sends the list by mail, and says the same for any address")
class FindView(FormView):
    template_name = "public/find.html"
    form_class = FindForm

    def form_valid(self, form):
        address = form.cleaned_data["email"].lower()
        try:
            limits.spend(self.request, "find_organisation", key=address)
        except TooMany as error:
            form.add_error(None, error.message)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        mail_organisations(address)
        return render(self.request, "public/find_sent.html", {"address": address})

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


def mail_organisations(address: str) -> None:
    """One mail in either case: whether there was something to send would show in the time it takes."""
    context = {"organisations": directory.organisations_of(address), "sign_up_url": public_url(reverse("sign-up"))}
    body = render_to_string("emails/organisations.txt", context)
    transaction.on_commit(lambda: send_mail("Your organisations", body, None, [address]), robust=True)


@open_to_all("tells a load balancer that the site and its database answer")
def health(request):
    Tenant.objects.exists()
    return HttpResponse("ok", content_type="text/plain")


@open_to_all("tells a load balancer whether everybody's sign-in can be accepted")
def ready(request):
    """503 while a provider's keys were never read: its people's tokens could not be told from forged ones.

    Asks for them if need be, so that a fresh process knows them before its first visitor comes. Providers that are
    away later on do not matter here: their keys are kept.
    """
    Tenant.objects.exists()
    waiting = sorted(provider.key for provider in registry.hosted_providers().values() if not provider.keys.are_known)
    if not waiting:
        return HttpResponse("ready", content_type="text/plain")
    text = f"not ready: no keys of {', '.join(waiting)}"
    return HttpResponse(text, status=503, content_type="text/plain", headers={"Retry-After": "10"})
