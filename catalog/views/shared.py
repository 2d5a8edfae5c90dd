"""What the pages of products and of categories have in common: showing, writing, deleting, sharing one object."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import DetailView

from accounts import access, shares
from accounts.exceptions import NoLongerMember, NotYours
from accounts.forms import ShareForm
from accounts.guards import ObjectAccessMixin


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

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def save(self, form):
        """Write, and answer. Runs in a savepoint."""
        raise NotImplementedError

    def refuse_move(self, form, field: str):
        """Moving something where others hold grants is giving them rights on it."""
        form.add_error(field, _("There, others would get rights on it that you do not hold yourself."))
        return self.render_to_response(self.get_context_data(form=form), status=403)

    def form_valid(self, form):
        try:
            with transaction.atomic():
                return self.save(form)
        except IntegrityError:  # the form had found the name free: somebody was quicker
            form.add_error(None, _("Somebody else has just taken this name or number. Please choose another."))
            return self.render_to_response(self.get_context_data(form=form), status=409)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class DeleteGuardMixin(ObjectAccessMixin):
    def form_valid(self, form):
        self.write_guard(self.object)
        name = str(self.object)
        try:
            response = super().form_valid(form)
        except ProtectedError:
            context = self.get_context_data(form=form, error=_("It is not empty: move or delete what is inside first."))
            return self.render_to_response(context, status=409)
        messages.success(self.request, _("“%(name)s” is deleted.") % {"name": name})
        return response


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
