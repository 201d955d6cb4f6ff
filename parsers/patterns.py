"""Regular expressions that are compiled when they are first used: compiling all of them would cost every start 60 ms."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "split")


class _Lazy:
    def __init__(self, pattern: Any, flags: int) -> None:
        self._source = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        for method in _METHODS:   # found at once from now on, without this detour
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern with the searching methods of `re.Pattern`; a wrong one is found at its first use, so tests use each."""
    return cast("re.Pattern[AnyStr]", _Lazy(pattern, flags))
