"""What no linter can be told: rules of this house, read from the syntax tree of every module."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

APPS = ("config", "tenants", "accounts", "catalog")
# They bind in the caller's thread for as long as the function lives, and at import for the wrong tenant.
CONTEXTS = {"in_tenant", "in_public", "in_schema", "tenant_context", "schema_context"}


def modules() -> list[Path]:
    return sorted(path for app in APPS for path in (Path(settings.BASE_DIR) / app).rglob("*.py"))


def broken_rules(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.With | ast.AsyncWith):
            yield from (f"{node.lineno}: with {name}:" for item in node.items if is_tenant(name := dotted(item)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from (
                f"{node.lineno}: @{name}" for name in map(dotted, node.decorator_list) if last(name) in CONTEXTS
            )
        elif isinstance(node, ast.Name | ast.Attribute | ast.alias) and last(dotted(node)) in (
            "mark_safe",
            "SafeString",
        ):
            yield f"{node.lineno}: {dotted(node)}"


def dotted(node: ast.AST) -> str:
    """`self.tenant` as it is written; of a call or a `with` item, what is called or entered."""
    if isinstance(node, ast.withitem):
        return "" if isinstance(node.context_expr, ast.Call) else ast.unparse(node.context_expr)
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return node.name if isinstance(node, ast.alias) else ast.unparse(node)


def last(name: str) -> str:
    return name.rpartition(".")[2]


def is_tenant(name: str) -> bool:
    return "tenant" in last(name).lower()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_module_breaks_a_rule(path):
    assert list(broken_rules(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "is_broken"),
    [
        ("with tenant: pass", True),
        ("with open(x), request.tenant as t: pass", True),
        ("async def f():\n    async with acme_tenant: pass", True),
        ("@in_tenant(acme)\ndef f(): pass", True),
        ("@schema.in_public()\nasync def f(): pass", True),
        ("from django.utils.safestring import mark_safe", True),
        ("safestring.mark_safe(x)", True),
        ("with in_tenant(tenant): pass", False),
        ("with provisioning.new_tenant(name=x) as tenant: pass", False),
        ("@open_to_all('why')\ndef f(tenant): pass", False),
    ],
)
def test_a_broken_rule_is_seen(source, is_broken):
    assert bool(list(broken_rules(source))) is is_broken
