"""Scripts that a provider's widget loads into pages of the site."""

from pathlib import Path

from werkzeug.wrappers import Response


def script(source: Path) -> Response:
    """The file as it is now, so that one who works on it sees it at the next load."""
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    # Pages that isolate themselves take scripts of another origin only if these say so.
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return Response(source.read_bytes(), 200, headers, content_type="text/javascript; charset=utf-8")
