"""Every act that the code records has words for the page."""

import ast
import re
from pathlib import Path

from django.conf import settings

from accounts.audit.rules import logged_models, rule_for
from accounts.audit.words import ACTIONS, type_choices

WRITERS = {"note", "note_afterwards", "note_both", "act", "_act"}
ACT = re.compile(r"[a-z]+(_[a-z]+)*")


def acts_in(source: str) -> set[str]:
    """The names of acts that stand as text in calls of the log's writers."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        argument.value
        for call in calls
        if getattr(call.func, "attr", getattr(call.func, "id", None)) in WRITERS
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and ACT.fullmatch(argument.value)
    }


def test_every_act_has_words():
    found = {
        act
        for app in ("accounts", "catalog", "tenants", "config")
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
        for act in acts_in(path.read_text())
    }
    rules = [rule_for(model) for model in logged_models()]
    declared = {verb for rule in rules for verb in (*rule.verbs, *rule.deeds.values())}
    assert {"signed_in", "exported"} <= found, "the search finds nothing any more"
    assert found | declared <= set(ACTIONS), (found | declared) - set(ACTIONS)


def test_an_act_in_the_code_is_found():
    assert acts_in('trail.note("signed_in", user)\nwith trail.act("left", obj): note_both(a, b, "closed")') == {
        "signed_in",
        "left",
        "closed",
    }


def test_types_are_what_people_know_by_name():
    labels = [label for label, _words in type_choices()]
    assert {"catalog.product", "catalog.category", "accounts.user", "accounts.role", "tenants.tenant"} <= set(labels)
    assert not {"auth.group", "accounts.user_groups", "audit.entry", "sessions.session"} & set(labels)
