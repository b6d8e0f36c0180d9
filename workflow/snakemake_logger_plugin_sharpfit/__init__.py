"""Snakemake's door to sharpfit's console: the logger plugin that profiles name as `logger: sharpfit`.

Snakemake finds it by its name before it reads the Snakefile. It imports nothing of sharpfit, since the
Snakefile decides which copy runs: the plan that is made there hands its console over by `follow`.
"""

import logging
import re
import sys
from pathlib import Path
from typing import Protocol

from snakemake import cli
from snakemake.common import get_appdirs
from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase

_OWN_PROFILE = re.compile(r"Using workflow specific profile (.*/)?profiles/default for setting default")


class Shows(Protocol):
    """What can show a run."""

    def show(self, record: logging.LogRecord) -> None:
        """Show one record of Snakemake's."""

    def close(self) -> None:
        """Show what is left to show."""


class LogHandler(LogHandlerBase):
    """Hands every record to the study's console; before there is one, warnings and errors are printed.

    With ``--verbose``, ``--printshellcmds`` or ``--debug-dag`` Snakemake's own text is shown instead. Its
    log file, ``.snakemake/log/``, holds that text in any case.
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin without a console, once it is sure that Snakemake can."""
        _check_cache()
        self._console: Shows | None = None
        asked = self.common_settings
        self._plain = _snakemakes_own(asked) if _wants_all(asked) else None

    def follow(self, console: Shows) -> bool:
        """Show through this console from now on; False where Snakemake's own text was asked for."""
        self._console = None if self._plain else console
        return self._plain is None

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        try:
            if self._plain:
                self._plain.handle(record)
            elif self._console:
                self._console.show(record)
            elif record.levelno >= logging.WARNING:
                print(record.getMessage(), file=sys.stderr)
        except Exception:  # noqa: BLE001 -- as a handler of `logging` has to
            self.handleError(record)

    def close(self) -> None:
        """End with what is left to show."""
        if self._console:
            self._console.close()
            self._console = None
        super().close()


def _check_cache() -> None:
    """End in one line where Snakemake, which cannot start without a cache of its own, would end in thirty."""
    cache = Path(get_appdirs().user_cache_dir)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"error: Snakemake's cache {cache}: {error.strerror}; name a folder by XDG_CACHE_HOME")


def _wants_all(asked: object) -> bool:
    return any(getattr(asked, name) for name in ("verbose", "printshellcmds", "debug_dag"))


def _snakemakes_own(asked: object) -> logging.Handler:
    """Return what Snakemake itself would show with these settings."""
    names = ("quiet", "debug_dag", "verbose", "dryrun", "printshellcmds")
    stream = sys.stdout if asked.stdout else sys.stderr  # type: ignore[attr-defined]
    handler = ColorizingTextHandler(nocolor=asked.nocolor, stream=stream)  # type: ignore[attr-defined]
    handler.addFilter(DefaultFilter(*(getattr(asked, name) for name in names)))
    handler.setFormatter(DefaultFormatter(asked.quiet, asked.show_failed_logs))  # type: ignore[attr-defined]
    return handler


def _print(*texts: object, **how: object) -> None:
    """Print what Snakemake does, but not that it read the profile beside the Snakefile, as every run does.

    That line comes while the command line is read, before there is a logger that could keep it in the log.
    Other profiles are told of as before.
    """
    if not _OWN_PROFILE.match(" ".join(map(str, texts))):
        print(*texts, **how)  # type: ignore[call-overload]


vars(cli)["print"] = _print
