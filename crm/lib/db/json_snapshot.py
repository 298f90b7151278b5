"""JSON that is written once and read often: one text for equal values, parsed once."""

from __future__ import annotations

import json
from typing import Any, NoReturn


class SharedObject(dict[str, Any]):
    """A JSON object of a stored text.

    Equal texts share one object, so every change is refused. It hashes by identity and may be the
    key of a cache.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]

    def _refuse(self, *_args: Any, **_options: Any) -> NoReturn:
        raise TypeError("a stored snapshot never changes; make a copy")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = _refuse


def canonical(value: Any) -> str:
    """Return the text that PostgreSQL writes for ``value`` as ``jsonb``: one for equal values."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(", ", ": "))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_place)}
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    return value


def _place(key: str) -> tuple[int, bytes]:
    """Return by what ``jsonb`` sorts its keys: their length in bytes, then the bytes."""
    encoded = key.encode()
    return len(encoded), encoded


def parsed(text: str) -> Any:
    """Return the JSON value in ``text``; each object in it is a SharedObject."""
    return json.loads(text, object_hook=SharedObject)
