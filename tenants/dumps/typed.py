"""JSON back into the dataclasses that it was written from, each value of the type that its field declares.

The seal says who wrote a manifest and not that it makes sense: what is read here is used by its keys and places.
"""

from dataclasses import is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


def build(kind: Any, value: Any, place: str = "it") -> Any:
    """`value` as a `kind`. Raises ValueError, which says where it is something else."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        demand(isinstance(value, dict) and value.keys() == hints.keys(), place)
        return kind(**{name: build(hint, value[name], f"{place}.{name}") for name, hint in hints.items()})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is list:
        demand(isinstance(value, list), place)
        return [build(parts[0], each, place) for each in value]
    if origin is tuple:
        demand(isinstance(value, list) and len(value) == len(parts), place)
        return tuple(build(part, each, place) for part, each in zip(parts, value, strict=True))
    if origin is dict:
        demand(isinstance(value, dict), place)
        return {name: build(parts[1], each, f"{place}.{name}") for name, each in value.items()}
    demand(kind is Any or type(value) in (parts if origin is UnionType else (kind,)), place)
    return value


def demand(is_so: bool, place: str) -> None:
    if not is_so:
        raise ValueError(f"{place} is not what a dump says there")
