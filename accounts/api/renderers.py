"""JSON as DRF writes it, by orjson: fifty products took the standard library a tenth of the request.

Byte for byte, but for floats (1e-7 for 1e-07, null for NaN) and plain enumerations, of which the API has none.
"""

import orjson
from rest_framework.renderers import JSONRenderer as DRFJSONRenderer
from rest_framework.utils.encoders import JSONEncoder

# Moments in UTC end with a Z, as DRF's do. What orjson would write in a way of its own is left to DRF's encoder.
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS
ENCODER = JSONEncoder()

# Two characters that may stand in JSON and not in every JavaScript: DRF escapes them.
LINE_ENDS = {char.encode(): f"\\u{ord(char):04x}".encode() for char in "\u2028\u2029"}


class JSONRenderer(DRFJSONRenderer):
    """What orjson does not take, such as a number of more than 64 bits, or an indent, is written by DRF."""

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        if data is None:
            return b""
        if self.get_indent(accepted_media_type, renderer_context or {}) is None:
            try:
                return escaped(orjson.dumps(data, ENCODER.default, OPTIONS))
            except orjson.JSONEncodeError as error:
                if error.__cause__:  # what a lazy value raised, a BaseException included
                    raise error.__cause__
        return super().render(data, accepted_media_type, renderer_context)


def escaped(text: bytes) -> bytes:
    for char, escape in LINE_ENDS.items():
        if char in text:
            text = text.replace(char, escape)
    return text
