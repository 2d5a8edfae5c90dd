"""Who may do what to what: the table. The tests (test_matrix.py) and docs/permissions.md are made from it.

    python -m tests.matrix > docs/permissions.md

One letter a cell, one letter an object, in the order in which the objects stand. A new role, action or object is
a new row, block or letter; a cell that is missing fails the tests.
"""

from dataclasses import dataclass

ANSWERS = {
    "y": "yes",
    "n": "no (403)",
    "h": "hidden (404)",
    "s": "sign-in page",
    "r": "not offered (422)",
}

# How each way of asking says no (tests/channels.py). What is answered follows from the tables alone.
CHANNELS = {
    "page": {"n": 403, "h": 404, "s": 302, "r": 422},
    "htmx": {"n": 403, "h": 404, "s": 401, "r": 422},
    "API session": {"n": 403, "h": 404, "s": 401, "r": 400},
    "API token": {"n": 403, "h": 404, "s": 401, "r": 400},
    "API key": {"n": 403, "h": 404, "s": 401, "r": 400},
    "admin": {"n": 403, "h": 404, "s": 302, "r": 422},
}
RULES = """- A page fetched by htmx tells the browser to open the sign-in page as a whole.
- Programs always say who they are: to the API, the public catalogue is open to no visitor.
- A token of another organisation is 403, since it is good elsewhere; its key is 401, as any that is unknown here.
- A token of an identity provider opens what its roles are here; tests/recognise/test_same_door.py tries a sample.
- A key opens what its holder may do and its rights name. It holds none of the rights that are people's own (making
  keys, owning the organisation), so it manages nobody who holds one, and invites to no role that does.
- The admin site opens to owners, admins and editors, and is 403 to all others, who may do there nothing at all.
"""

WHO = {
    "visitor": "A visitor",
    "stranger": "A member without a role",
    "guest": "Guest",
    "viewer": "Viewer",
    "editor": "Editor",
    "admin": "Admin",
    "owner": "Owner",
    "foreign owner": "The owner of another organisation",
    "deactivated": "A deactivated editor",
}
SHARED = {
    "product view": "A guest, the product shared to view",
    "product change": "A guest, the product shared to change",
    "product delete": "A guest, the product shared to delete",
    "role view": "A guest, the product shared with his role to view",
    "role change": "A guest, the product shared with his role to change",
    "category view": "A guest, the category shared to view",
    "category change": "A guest, the category shared to change",
    "category delete": "A guest, the category shared to delete",
    "category add": "A guest who may add products to the category",
    "role category view": "A guest, the category shared with his role to view",
}


@dataclass(frozen=True)
class Table:
    """`cells[action][who]` is one letter for each object."""

    title: str
    text: str
    objects: dict[str, str]
    actions: dict[str, str]
    who: dict[str, str]
    cells: dict[str, dict[str, str]]

    def rows(self):
        """(action, who, object, letter), one for each cell."""
        for action, column in self.cells.items():
            for who, letters in column.items():
                for key, letter in zip(self.objects, letters, strict=True):
                    yield action, who, key, letter


def table(title: str, text: str, *, objects, actions, who, drawn: str) -> Table:
    """Read a drawn table: a head line of action keys, then a line for each row of `who`. Nothing may be missing."""
    head, *lines = [line for line in drawn.strip().splitlines() if line.strip()]
    names = [name.strip() for name in head.split("|")[1:]]
    if names != list(actions):
        raise ValueError(f"{title}: the head has {names}, the actions are {list(actions)}")
    cells: dict[str, dict[str, str]] = {name: {} for name in names}
    for line in lines:
        row, *letters = [part.strip() for part in line.split("|")]
        for name, cell in zip(names, letters, strict=True):
            if len(cell) != len(objects) or set(cell) - set(ANSWERS):
                raise ValueError(f"{title}: {row}, {name}: {cell!r} is not one letter for each of {list(objects)}")
            cells[name][row] = cell
    for name, column in cells.items():
        if list(column) != list(who):
            raise ValueError(f"{title}, {name}: rows missing or unknown: {set(who) ^ set(column)}")
    return Table(title, text, objects, actions, who, cells)


PRODUCT = table(
    "Products",
    "While the catalogue is not public. The product “shared” and the one “below” lie in the shared category and in a"
    " category inside it; viewing comes with every other right. The list, its count, the search and the choices of"
    " its filters hold exactly those that one may view.",
    objects={
        "coffee": "the shared product",
        "sencha": "one in a category below",
        "hammer": "another product",
        "gone": "a deleted one",
    },
    actions={
        "view": "see it",
        "picture": "load its picture",
        "change": "change it",
        "delete": "delete it",
        "share": "share it",
    },
    who=WHO | SHARED,
    drawn="""
                   | view | picture | change | delete | share
visitor            | ssss | ssss    | ssss   | ssss   | ssss
stranger           | hhhh | hhhh    | hhhh   | hhhh   | hhhh
guest              | hhhh | hhhh    | hhhh   | hhhh   | hhhh
viewer             | yyyh | yyyh    | nnnh   | nnnh   | nnnh
editor             | yyyh | yyyh    | yyyh   | nnnh   | nnnh
admin              | yyyh | yyyh    | yyyh   | yyyh   | yyyh
owner              | yyyh | yyyh    | yyyh   | yyyh   | yyyh
foreign owner      | ssss | ssss    | ssss   | ssss   | ssss
deactivated        | ssss | ssss    | ssss   | ssss   | ssss
product view       | yhhh | yhhh    | nhhh   | nhhh   | nhhh
product change     | yhhh | yhhh    | yhhh   | nhhh   | nhhh
product delete     | yhhh | yhhh    | nhhh   | yhhh   | nhhh
role view          | yhhh | yhhh    | nhhh   | nhhh   | nhhh
role change        | yhhh | yhhh    | yhhh   | nhhh   | nhhh
category view      | yyhh | yyhh    | nnhh   | nnhh   | nnhh
category change    | yyhh | yyhh    | yyhh   | nnhh   | nnhh
category delete    | yyhh | yyhh    | nnhh   | yyhh   | nnhh
category add       | yyhh | yyhh    | nnhh   | nnhh   | nnhh
role category view | yyhh | yyhh    | nnhh   | nnhh   | nnhh
""",
)

CATEGORY = table(
    "Categories",
    "Only an empty category is deleted: otherwise the answer is 409. Those who may change some categories, but not"
    " every one, may rename theirs and not move it: moving would carry its grants elsewhere.",
    objects={
        "drinks": "the shared category",
        "tea": "one inside it",
        "tools": "another category",
        "gone": "a deleted one",
    },
    actions={
        "view": "see it",
        "change": "rename it",
        "delete": "delete it, when empty",
        "share": "share it",
        "add": "add a product to it",
        "create": "make a category inside it",
    },
    who=WHO | SHARED,
    drawn="""
                   | view | change | delete | share | add  | create
visitor            | ssss | ssss   | ssss   | ssss  | ssss | ssss
stranger           | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
guest              | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
viewer             | yyyh | nnnh   | nnnh   | nnnh  | nnnn | nnnn
editor             | yyyh | yyyh   | nnnh   | nnnh  | yyyr | yyyr
admin              | yyyh | yyyh   | yyyh   | yyyh  | yyyr | yyyr
owner              | yyyh | yyyh   | yyyh   | yyyh  | yyyr | yyyr
foreign owner      | ssss | ssss   | ssss   | ssss  | ssss | ssss
deactivated        | ssss | ssss   | ssss   | ssss  | ssss | ssss
product view       | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
product change     | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
product delete     | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
role view          | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
role change        | hhhh | hhhh   | hhhh   | hhhh  | nnnn | nnnn
category view      | yyhh | nnhh   | nnhh   | nnhh  | nnnn | nnnn
category change    | yyhh | yyhh   | nnhh   | nnhh  | nnnn | nnnn
category delete    | yyhh | nnhh   | yyhh   | nnhh  | nnnn | nnnn
category add       | yyhh | nnhh   | nnhh   | nnhh  | yyrr | nnnn
role category view | yyhh | nnhh   | nnhh   | nnhh  | nnnn | nnnn
""",
)

PUBLIC = table(
    "The public catalogue",
    "An organisation's own switch. While it is on, visitors may see what is published, and nothing else; it opens"
    " nothing but viewing. Drafts and archived products stay with those who see them anyway.",
    objects={
        "draft": "a draft",
        "published": "a published product",
        "archived": "an archived product",
    },
    actions={
        "off": "see it while the switch is off",
        "on": "see it while the switch is on",
        "picture": "load its picture while the switch is on",
        "change": "change it while the switch is on",
    },
    who={key: WHO[key] for key in WHO if key != "admin"} | {"product view": SHARED["product view"]},
    drawn="""
                   | off | on  | picture | change
visitor            | sss | hyh | hyh     | sss
stranger           | hhh | hyh | hyh     | hnh
guest              | hhh | hyh | hyh     | hnh
viewer             | yyy | yyy | yyy     | nnn
editor             | yyy | yyy | yyy     | yyy
owner              | yyy | yyy | yyy     | yyy
foreign owner      | sss | hyh | hyh     | sss
deactivated        | sss | hyh | hyh     | sss
product view       | yyy | yyy | yyy     | nnn
""",
)

MEMBERS = table(
    "Members",
    "Nobody changes somebody who holds a right that he does not hold himself, and nobody changes himself here: one"
    " leaves on a page of one's own, which is open to every member. The last owner can neither leave nor be removed.",
    objects={
        "viewer": "a viewer",
        "admin": "another admin",
        "owner": "another owner",
        "oneself": "oneself",
    },
    actions={
        "role": "make them a guest",
        "deactivate": "deactivate them",
        "remove": "remove them",
    },
    who=WHO,
    drawn="""
                   | role | deactivate | remove
visitor            | ssss | ssss       | ssss
stranger           | nnnn | nnnn       | nnnn
guest              | nnnn | nnnn       | nnnn
viewer             | nnnn | nnnn       | nnnn
editor             | nnnn | nnnn       | nnnn
admin              | yynn | yynn       | yynn
owner              | yyyn | yyyn       | yyyn
foreign owner      | ssss | ssss       | ssss
deactivated        | ssss | ssss       | ssss
""",
)

INVITATIONS = table(
    "Invitations",
    "Nobody invites to a role that holds a right he does not hold himself. Whoever may invite may withdraw any.",
    objects={
        "viewer": "a viewer's",
        "admin": "an admin's",
        "owner": "an owner's",
    },
    actions={
        "invite": "send one",
        "resend": "send it again",
        "revoke": "withdraw it",
    },
    who=WHO,
    drawn="""
                   | invite | resend | revoke
visitor            | sss    | sss    | sss
stranger           | nnn    | nnn    | nnn
guest              | nnn    | nnn    | nnn
viewer             | nnn    | nnn    | nnn
editor             | nnn    | nnn    | nnn
admin              | yyn    | yyn    | yyy
owner              | yyy    | yyy    | yyy
foreign owner      | sss    | sss    | sss
deactivated        | sss    | sss    | sss
""",
)

PAGES = table(
    "Pages of the organisation",
    "Lists of products and categories open for every member; they show what one may view.",
    objects={
        "products": "products",
        "categories": "categories",
        "members": "members",
        "roles": "roles",
        "invitations": "invitations",
        "organisation": "settings",
        "profile": "one's own profile",
    },
    actions={"open": "open the page"},
    who=WHO,
    drawn="""
                   | open
visitor            | sssssss
stranger           | yynnnny
guest              | yynnnny
viewer             | yyyynny
editor             | yyyynny
admin              | yyyyyyy
owner              | yyyyyyy
foreign owner      | sssssss
deactivated        | sssssss
""",
)

SETTINGS = table(
    "Settings of the organisation",
    "The address cannot be changed by anybody.",
    objects={
        "name": "its name",
        "currency": "its currency",
        "catalogue_is_public": "the public catalogue",
    },
    actions={"change": "change it"},
    who=WHO,
    drawn="""
                   | change
visitor            | sss
stranger           | nnn
guest              | nnn
viewer             | nnn
editor             | nnn
admin              | yyy
owner              | yyy
foreign owner      | sss
deactivated        | sss
""",
)

TABLES = (PRODUCT, CATEGORY, PUBLIC, MEMBERS, INVITATIONS, PAGES, SETTINGS)

HEAD = """# Who may do what

*A role opens every row of its tenant, a grant opens one row, and a request passes if either does.* A grant on a
category reaches the categories and products inside it. Nobody hands out a right that he does not hold.

Each cell is tried by a test, with the answer and the rows. **yes**: it is done, and nothing else. **no** (403): one
may see it and not do it. **hidden** (404): the same answer as for what does not exist. **sign-in page**: who is not a
member of this organisation is a visitor here. **not offered** (422): the form knows no such choice.

This page is made from `tests/matrix.py` by `python -m tests.matrix > docs/permissions.md`; a test holds them together.

## By which way

Each cell of the tables below is tried by each of these ways, and the answer is the same; only its number differs.

"""


def document() -> str:
    """docs/permissions.md."""
    return (
        "\n".join(
            [HEAD + "\n".join([*_ways(), "", RULES]), *(part for each in TABLES for part in _section(each))]
        ).rstrip()
        + "\n"
    )


def _ways():
    yield f"| | {' | '.join(CHANNELS)} |"
    yield f"| --- |{' --- |' * len(CHANNELS)}"
    for letter in next(iter(CHANNELS.values())):
        words = ANSWERS[letter].partition(" (")[0]
        yield f"| {words} | {' | '.join(str(channel[letter]) for channel in CHANNELS.values())} |"


def _section(each: Table):
    yield f"## {each.title}\n"
    yield f"{each.text}\n"
    for action, column in each.cells.items():
        yield f"| To {each.actions[action]} | {' | '.join(each.objects.values())} |"
        yield f"| --- |{' --- |' * len(each.objects)}"
        for who, letters in column.items():
            yield f"| {each.who[who]} | {' | '.join(ANSWERS[letter] for letter in letters)} |"
        yield ""


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201  (its output is the page)
