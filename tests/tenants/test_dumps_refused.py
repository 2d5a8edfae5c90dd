"""What is not a dump of ours, or not whole, or was made to do harm, changes nothing: not beside, and not over.

Most of these are sealed with our own key: the seal alone is not what keeps them out.
"""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from tenants import dumps
from tenants.dumps.exceptions import DamagedDump, ForeignDump, UnfitDump

from .dumping import answer, everything, forged

pytestmark = pytest.mark.real

USING = settings.ADMIN_DATABASE


def cut_off(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-200])
    return path


def nothing_of_ours(path: Path) -> Path:
    path.write_bytes(b"PGDMP" + bytes(500))
    return path


def of_another_key(path: Path) -> Path:
    return forged(path, lambda manifest, parts: None, secret="somebody else's")


def with_a_changed_byte(path: Path) -> Path:
    def change(manifest, parts):
        parts["tables/catalog_product"] = parts["tables/catalog_product"].replace(b"Hammer", b"Hummer")

    return forged(path, change)


def with_one_part_more(path: Path) -> Path:
    return forged(path, lambda manifest, parts: parts.update({"../../evil": b"x"}))


def bursting(path: Path) -> Path:
    return forged(path, lambda manifest, parts: parts.update({"tables/catalog_product": bytes(50_000_000)}))


def of_newer_code(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest["migrations"].append(["catalog", "0999_later"]))


def of_a_newer_format(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest.update(format=2))


def of_a_state_never_had(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest["migrations"].pop())


def with_other_numbers(path: Path) -> Path:
    return forged(
        path, lambda manifest, parts: manifest["fixed_rows"]["django_content_type"][0].__setitem__(2, "other")
    )


def climbing(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest["files"][0].update(path="../t_acme/evil.txt"))


def absolute(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest["files"][0].update(path="/srv/evil.txt"))


def with_settings_of_its_own(path: Path) -> Path:
    return forged(path, lambda manifest, parts: manifest["settings"].update(schema_name="t_acme"))


def renaming_table(path: Path) -> Path:
    """A name that would be SQL if it were pasted into any."""

    def change(manifest, parts):
        table = next(table for table in manifest["tables"] if table["name"] == "catalog_product")
        table["name"] = 'catalog_product"; DROP SCHEMA t_acme CASCADE; --'
        parts[f"tables/{table['name']}"] = parts.pop("tables/catalog_product")

    return forged(path, change)


def inventing_column(path: Path) -> Path:
    def change(manifest, parts):
        table = next(table for table in manifest["tables"] if table["name"] == "catalog_product")
        table["columns"][1] = "title) FROM PROGRAM 'touch /tmp/evil'; --"

    return forged(path, change)


def leaving_a_column_out(path: Path) -> Path:
    """One that may be empty: the rows would fit, without what was in it."""

    def change(manifest, parts):
        table = next(table for table in manifest["tables"] if table["name"] == "catalog_category")
        place = table["columns"].index("parent_id")
        del table["columns"][place]
        lines = [line.split(b"\t") for line in parts["tables/catalog_category"].splitlines()]
        rows = b"".join(b"\t".join(line[:place] + line[place + 1 :]) + b"\n" for line in lines)
        replaced(manifest, parts, "catalog_category", rows)

    return forged(path, change)


def replaced(manifest: dict, parts: dict, table: str, rows: bytes) -> None:
    """Other rows, with a digest that fits."""
    entry = next(entry for entry in manifest["tables"] if entry["name"] == table)
    parts[f"tables/{table}"] = rows
    entry["digest"] = {"bytes": len(rows), "sha256": hashlib.sha256(rows).hexdigest()}
    entry["rows"] = rows.count(b"\n")


def with_sql_for_rows(path: Path) -> Path:
    evil = b"\\.\nDROP SCHEMA t_acme CASCADE;\n"
    return forged(path, lambda manifest, parts: replaced(manifest, parts, "auth_group", evil))


def with_values_that_turn_into_others(path: Path) -> Path:
    """They fit, but what is then in the table is not what was in the dump."""

    def change(manifest, parts):
        rows = parts["tables/catalog_product"]
        assert b"\t12.50\t" in rows
        replaced(manifest, parts, "catalog_product", rows.replace(b"\t12.50\t", b"\t12.504\t"))

    return forged(path, change)


def with_rows_that_contradict(path: Path) -> Path:
    def change(manifest, parts):
        rows = parts["tables/catalog_productusergrant"].split(b"\t")
        rows[2] = b"999999"
        replaced(manifest, parts, "catalog_productusergrant", b"\t".join(rows))

    return forged(path, change)


def changed(change):
    """A manifest in which `change` has spoilt something, sealed with our own key."""
    return lambda path: forged(path, lambda manifest, parts: change(manifest))


def first_of(name: str, field: str, value):
    return changed(lambda manifest: manifest[name][0].update({field: value}))


def worded(text: str):
    """Sealed, and no manifest at all."""
    return lambda path: forged(path, lambda manifest, parts: None, text=text.encode())


MALFORMED = {
    "no JSON": worded("{"),
    "a list": worded("[]"),
    "nested without end": worded("[" * 100_000),
    "a format that never was": changed(lambda manifest: manifest.update(format="1")),
    "a format that is a yes": changed(lambda manifest: manifest.update(format=True)),
    "nothing but the format": worded('{"product": "tenantry", "format": 1}'),
    "a field less": changed(lambda manifest: manifest.pop("schema_name")),
    "a field more": changed(lambda manifest: manifest.update(owner="me")),
    "a number for a name": changed(lambda manifest: manifest.update(schema_name=7)),
    "no settings": changed(lambda manifest: manifest.update(settings=None)),
    "a setting less": changed(lambda manifest: manifest["settings"].pop("is_sandbox")),
    "a setting that none can be": changed(lambda manifest: manifest["settings"].update(currency=["EUR"])),
    "migrations by name": changed(lambda manifest: manifest.update(migrations=["catalog"])),
    "migrations of three": changed(lambda manifest: manifest["migrations"].append(["a", "b", "c"])),
    "no numbers": changed(lambda manifest: manifest.update(fixed_rows={})),
    "empty numbers": changed(lambda manifest: manifest["fixed_rows"]["auth_permission"].append([])),
    "numbers that are lists": changed(lambda manifest: manifest["fixed_rows"]["auth_permission"].append([[], 1, "x"])),
    "tables by name": changed(lambda manifest: manifest.update(tables={"catalog_product": {}})),
    "rows in words": first_of("tables", "rows", "many"),
    "positions in a list": first_of("tables", "sequences", []),
    "no columns": first_of("tables", "columns", None),
    "no digest": first_of("tables", "digest", None),
    "a length below nothing": first_of("tables", "digest", {"bytes": -1, "sha256": ""}),
    "a path that is a list": first_of("files", "path", ["x"]),
    "true for a number": first_of("files", "number", True),
}


@pytest.mark.parametrize("spoil", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_sealed_manifest_that_makes_no_sense_is_damaged(live, made, manage, spoil):
    """In a sentence that says so, and before anything is touched."""
    path, before = spoil(made), everything()
    for way in ({"slug": "twin"}, {"over": True}):
        assert "The dump's manifest is damaged: " in manage.refused("restore_tenant", str(path), **way)
    assert everything() == before


HOSTILE = {
    cut_off: ForeignDump,
    nothing_of_ours: ForeignDump,
    of_another_key: ForeignDump,
    with_settings_of_its_own: ForeignDump,
    with_a_changed_byte: DamagedDump,
    with_one_part_more: DamagedDump,
    bursting: DamagedDump,
    of_newer_code: UnfitDump,
    of_a_newer_format: UnfitDump,
    of_a_state_never_had: UnfitDump,
    with_other_numbers: UnfitDump,
    climbing: UnfitDump,
    absolute: UnfitDump,
    renaming_table: UnfitDump,
    inventing_column: UnfitDump,
    leaving_a_column_out: UnfitDump,
    with_sql_for_rows: DamagedDump,
    with_values_that_turn_into_others: DamagedDump,
    with_rows_that_contradict: UnfitDump,
}


def test_what_is_not_ours_or_not_whole_changes_nothing(live, made):
    """Beside and over, each one; the live tenant serves on."""
    original, before = made.read_bytes(), everything()
    for spoil, refusal in HOSTILE.items():
        made.write_bytes(original)
        path = spoil(made)
        with pytest.raises(refusal):
            dumps.restore_beside(path, slug="twin", using=USING)
        with pytest.raises(refusal):
            dumps.restore_over(path, using=USING)
        assert everything() == before, spoil.__name__
    assert answer(live.tenant, "/account/login/") == 200
