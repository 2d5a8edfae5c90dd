"""Every measurement by its name: what it is of, and what is to be reached."""

from dataclasses import dataclass

from .arithmetic import Goal


@dataclass(frozen=True)
class Measurement:
    """`subject` is the module of bench/rows that takes it. `takes_long`: not with --quick."""

    subject: str
    title: str
    goals: tuple[Goal, ...] = ()
    takes_long: bool = False


def goals(**bounds: float) -> tuple[Goal, ...]:
    return tuple(Goal(of, bound) for of, bound in bounds.items())


PAGE = goals(peer=8, statements=3)

MEASUREMENTS = {
    "sign-up": Measurement("sign_ups", "sign-up, against migrating our own schema", goals(peer=8, limit=1.5)),
    "sign-up-textbook": Measurement("sign_ups", "sign-up, against the peer's small schema", takes_long=True),
    "sign-up-spare": Measurement("sign_ups", "sign-up with a spare schema at hand", goals(seconds=0.005)),
    "sign-up-at-once": Measurement("sign_ups", "4 sign-ups at once, until the last is done", goals(peer=8)),
    "sign-up-thousandth": Measurement("sign_ups", "the 1,000th sign-up", (Goal("× the 10th", 1.2),), takes_long=True),
    "schema": Measurement("schemas", "lines in which a copied schema differs from a migrated one", goals(number=0)),
    "fleet-idle": Measurement("fleets", "migrating a fleet that has nothing to do", goals(peer=40)),
    "fleet-flat": Measurement(
        "fleets",
        "the same for the largest fleet",
        (*goals(seconds=3), Goal("× per tenant, 3,000 to 100", 1.2)),
        takes_long=True,
    ),
    "fleet-add-field": Measurement(
        "fleets", "migrating a fleet by one AddField", (*goals(peer=30), Goal("× limit, above Django's start", 3))
    ),
    "list-by-grants": Measurement("pages", "list 50 of 10,000, 1,000 visible by grants, with count", PAGE),
    "list-by-grants-100k": Measurement(
        "pages", "list 50 of 100,000, 10,000 visible by grants, with count", goals(peer=30), takes_long=True
    ),
    "list-uncounted-100k": Measurement(
        "pages", "the same without count", (Goal("× its own 1,000 rows", 1.5),), takes_long=True
    ),
    "list-by-role": Measurement("pages", "list 50 of 10,000 by role, with count", goals(peer=3), takes_long=True),
    "detail-by-grants": Measurement("pages", "one product by grants", PAGE),
    "create": Measurement("pages", "create a product, with its creator's grants", goals(peer=8, statements=4)),
    "empty-view": Measurement(
        "pages", "a view that does nothing, open to all, asked with a token", (Goal("ms above bare", 0.15),)
    ),
    "empty-view-member": Measurement(
        "pages", "the same for members only", (Goal("ms above bare", 0.15),), takes_long=True
    ),
    "requests-a-second": Measurement("pages", "list by grants, 4 connections", goals(peer=8), takes_long=True),
    "token-first": Measurement("tokens", "a token at first sight", goals(seconds=70e-6)),
    "token-again": Measurement("tokens", "a token seen before", goals(seconds=2e-6)),
    "isolation": Measurement(
        "isolated", "wrong rows and 5xx in mixed requests over many tenants", goals(number=0), takes_long=True
    ),
}
