"""What the pages of products and of categories have in common: showing, writing, deleting, sharing one object."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import DetailView

from accounts import access, shares
from accounts.exceptions import NoLongerMember, NotYours
from accounts.forms import ShareForm
from accounts.guards import ObjectAccessMixin
from catalog.exceptions import CatalogError, InsideItself, MoveRefused, NotEmpty, Taken


class ShareableDetailView(ObjectAccessMixin, DetailView):
    """An object, what the user may do with it, and, for those who may share it, who has access and why."""

    def get_context_data(self, **kwargs):
        user, obj = self.request.user, self.object
        rights = {
            "may_change": access.allows(user, access.permission_for(type(obj), "change"), obj),
            "may_delete": access.allows(user, access.permission_for(type(obj), "delete"), obj),
            "may_share": access.allows(user, shares.share_permission(type(obj)), obj),
        }
        if rights["may_share"]:
            kwargs.setdefault("share_form", share_form(obj))
            kwargs["shares"] = shares.explain(obj)
        return super().get_context_data(**rights, **kwargs)


class WriteMixin(ObjectAccessMixin):
    """A form page: 422 for what the form finds wrong, 409 for what only the database can find."""

    done = gettext_lazy("“%(name)s” is saved.")

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def write(self, form):
        """Call the flow; return what is stored now."""
        raise NotImplementedError

    def form_valid(self, form):
        try:
            self.object = self.write(form)
        except ObjectDoesNotExist as error:  # deleted while the page was open
            raise Http404 from error
        except MoveRefused as error:
            return self.refuse(form, error, error.field)
        except Taken as error:  # the form had found the name free: somebody was quicker
            return self.refuse(form, error)
        except InsideItself as error:  # or has moved the other one
            return self.refuse(form, error, error.field)
        messages.success(self.request, self.done % {"name": self.object})
        return redirect(self.object)

    def refuse(self, form, error: CatalogError, field: str | None = None):
        form.add_error(field, error.message)
        return self.render_to_response(self.get_context_data(form=form), status=error.status)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class DeleteGuardMixin(ObjectAccessMixin):
    def delete(self, obj) -> None:
        """Call the flow."""
        raise NotImplementedError

    def form_valid(self, form):
        try:
            self.delete(self.object)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        except NotEmpty as error:
            context = self.get_context_data(form=form, error=error.message)
            return self.render_to_response(context, status=error.status)
        messages.success(self.request, _("“%(name)s” is deleted.") % {"name": self.object})
        return redirect(self.success_url)


class ShareView(ShareableDetailView):
    """Set what one person or role may do with one object. The panel itself is on the object's page."""

    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        form = share_form(self.object, request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(share_form=form), status=422)
        principal, rights = form.cleaned_data["principal"], form.cleaned_data["rights"]
        try:
            shares.grant(actor=request.user, obj=self.object, principal=principal, permissions=rights)
        except ObjectDoesNotExist as error:  # deleted while the page was open
            raise Http404 from error
        except NotYours as error:
            form.add_error("rights", error.message)
            return self.render_to_response(self.get_context_data(share_form=form), status=403)
        except NoLongerMember as error:
            form.add_error("principal", error.message)
            return self.render_to_response(self.get_context_data(share_form=form), status=409)
        text = _("Shared with %(who)s.") if rights else _("No longer shared with %(who)s.")
        messages.success(request, text % {"who": principal})
        return redirect(self.object)


def share_form(obj, data=None) -> ShareForm:
    names = shares.rights_of(type(obj))
    words = shares.words_for(names)
    return ShareForm(data, rights=[(name, words[name]) for name in names])
