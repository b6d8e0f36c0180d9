"""torch.optim without torch's compiler, whose import takes longer than importing torch.

Every optimizer of torch imports ``torch._dynamo``, only to tell the compiler to leave it alone. No job
compiles anything, so a stand-in answers the two questions that are asked then, as the compiler does when it
is not running; whoever asks for more gets the real module.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

_NAME = "torch._dynamo"


class _NotCompiling(ModuleType):
    """What of ``torch._dynamo`` an optimizer uses while nothing is compiled."""

    __file__ = None  # who lists what a process has loaded looks here, and must not thereby load the compiler

    @staticmethod
    def disable(function: Any, recursive: bool = True, **_: Any) -> Any:  # noqa: ARG004 (the real signature)
        """Return the function: nothing compiles it anyway."""
        return function

    @staticmethod
    def graph_break(message: str = "") -> None:
        """Do nothing: there is no graph."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(importlib.import_module(_NAME), name)


def leave_the_compiler_out() -> None:
    """Let this process, if it has imported torch and not its compiler, do without that until it is needed."""
    if "torch" in sys.modules:
        sys.modules.setdefault(_NAME, _NotCompiling(_NAME))
