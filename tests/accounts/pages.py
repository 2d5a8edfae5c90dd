"""Reading an answer as a browser would: elements and attributes, not bytes."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """`elements`: (tag, attributes) in order; `words`: the text between them; `values`: name -> value of inputs."""

    def __init__(self, response):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.pieces: list[str] = []
        self.feed(response.content.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.pieces.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def structure(self) -> list[tuple[str, tuple[str, ...]]]:
        """Which elements there are, with which attributes: the same for the same page whatever is typed into it."""
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.elements]

    @property
    def values(self) -> dict[str, str | None]:
        return {a["name"]: a.get("value") for tag, a in self.elements if tag == "input" and "name" in a}

    def links(self) -> list[str]:
        names = ("href", "src", "action", "formaction", "hx-get", "hx-post")
        return [a[name] for _tag, a in self.elements for name in names if a.get(name)]
