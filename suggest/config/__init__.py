"""Settings and the composition root: the one place that knows who is made of what.

The composition root imports all the house; it is only read when it is asked for, so that a server can listen first."""

from typing import TYPE_CHECKING, Any

from suggest.config.settings import Settings

if TYPE_CHECKING:
    from suggest.config.application import Application, open_application

__all__ = ["Application", "Settings", "open_application"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from suggest.config import application

    return getattr(application, name)
