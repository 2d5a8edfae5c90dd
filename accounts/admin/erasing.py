"""Doing one thing to rows that are ticked, and ending a row: asked first, then to all of them or to none."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.exceptions import AccountsError

PER_PAGE = 50


class ErasingMixin:
    """For DoorAdmin. `erase_word`, `erase_question` and `erased` say what it is called, asks and has done."""

    erase_word = _("Delete")
    erase_question = _("Delete this for good?")
    erased = _("“%(name)s” is deleted.")
    actions = ["erase_chosen"]

    def erase(self, request, obj) -> None:
        """Call the flow that deletes, ends or revokes."""
        raise NotImplementedError

    def response_action(self, request, queryset, *args):
        """As the library's, for rows that are all there, and for those on one page at most.

        A row that is not there is one that he may not view, or one that went meanwhile: the whole batch waits.
        """
        chosen = set(request.POST.getlist(ACTION_CHECKBOX_NAME))
        if not all(key.isdecimal() for key in chosen) or len(chosen) > PER_PAGE:
            raise BadRequest("These are no rows of one page.")
        if request.POST.get("select_across", "0") != "0":
            raise BadRequest("Rows are chosen page by page.")
        if queryset.filter(pk__in=chosen).count() < len(chosen):
            text = _("Some of what you chose is no longer there. Nothing was done.")
            self.message_user(request, text, messages.ERROR)
            return None
        return super().response_action(request, queryset, *args)

    @admin.action(permissions=["delete"], description=_("Delete"))
    def erase_chosen(self, request, queryset):
        rows = list(queryset)
        if not all(self.has_delete_permission(request, obj) for obj in rows):
            raise PermissionDenied
        if "confirmed" not in request.POST:
            return self.ask(request, rows, in_list=True)
        if self.each(request, rows, self.erase):
            count = len(rows)
            text = ngettext("%(count)d row: done.", "%(count)d rows: done.", count) % {"count": count}
            self.message_user(request, text, messages.SUCCESS)
        return None

    def each(self, request, rows, act) -> bool:
        """Do it to each of them, or to none and say why."""
        try:
            with transaction.atomic():
                for obj in rows:
                    act(request, obj)
        except PermissionDenied:
            raise
        except (AccountsError, ObjectDoesNotExist) as error:
            text = getattr(error, "message", _("Something you chose is no longer there."))
            self.message_user(request, f"{text} {_('Nothing was done.')}", messages.ERROR)
            return False
        return True

    def get_actions(self, request):
        """The library's, with our own words for ending a row."""
        actions = super().get_actions(request)
        if erasing := actions.get("erase_chosen"):
            actions["erase_chosen"] = (*erasing[:2], str(self.erase_word))
        return actions

    def delete_view(self, request, object_id, extra_context=None):
        """GET asks, POST does. The library's lists every row that would go along, those one may not see included."""
        obj = self.get_object(request, unquote(object_id))
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        if request.method != "POST":
            return self.ask(request, [obj])
        name = self.called(obj)
        try:
            with transaction.atomic():
                self.erase(request, obj)
        except AccountsError as refusal:
            return self.ask(request, [obj], refusal)
        except self.model.DoesNotExist as error:
            raise Http404 from error
        self.message_user(request, self.erased % {"name": name}, messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    def ask(self, request, rows, refusal: AccountsError | None = None, *, in_list: bool = False):
        """The page before rows are ended, or why they cannot be. `in_list`: they were ticked on the list."""
        context = {
            **self.admin_site.each_context(request),
            **self.words(request),
            "title": self.erase_word,
            "question": self.erase_question,
            "rows": [(obj.pk, self.called(obj)) for obj in rows],
            "in_list": in_list,
            "opts": self.opts,
            "chosen_name": ACTION_CHECKBOX_NAME,
            "refusal": refusal and refusal.message,
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/confirm.html", context, status=status)
