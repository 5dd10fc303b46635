"""What an error advises: arguments of `netgiro.reconcile`, or options of the command line where that calls it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_FOR_THE_COMMAND_LINE: ContextVar[bool] = ContextVar("for_the_command_line", default=False)
_OPTIONS: Final = {
    "concurrency": "--concurrency",
    "date_from": "--from",
    "date_to": "--to",
    "keep": "--keep",
    "lang": "--lang",
    "rate": "--rate",
    "refunds": "--refunds",
    "retry_for": "--retry-for",
    "timezone": "--timezone",
    "tolerance": "--tolerance",
}
_ARGUMENT: Final = re.compile(
    rf"\b(?<!-)({'|'.join(_OPTIONS)})(?= (?:and|must|names|is|needs?)\b|:)"
)


@contextmanager
def for_the_command_line() -> Iterator[None]:
    """Within it, errors advise options of `netgiro reconcile`."""
    token = _FOR_THE_COMMAND_LINE.set(True)
    try:
        yield
    finally:
        _FOR_THE_COMMAND_LINE.reset(token)


def option(argument: str) -> str:
    """Return the name of an argument, or of the option for it."""
    return _OPTIONS[argument] if _FOR_THE_COMMAND_LINE.get() else argument


def options(message: str) -> str:
    """Return a message of the core with options for the arguments that it names."""
    return _ARGUMENT.sub(lambda match: _OPTIONS[match[1]], message)


def column(role: str, header: str = "your column") -> str:
    """Return how to say which column holds what."""
    if _FOR_THE_COMMAND_LINE.get():
        return f"--column {shlex.quote(f'{role}={header}')}"
    return f"columns={{{role!r}: {header!r}}}"


def no_column(role: str) -> str:
    """Return how to say that no column holds what."""
    if _FOR_THE_COMMAND_LINE.get():
        return "give a file without it"
    return f"columns={{{role!r}: None}}"


def names_of_columns(unknown: str, known: str) -> str:
    """Return what is wrong with columns that are named by other words than the known ones."""
    if _FOR_THE_COMMAND_LINE.get():
        return (
            f"--column names {unknown}: write what a column holds before the header, such as "
            f"{column('reference')}; known are {known}"
        )
    return (
        f"columns names {unknown}: give the names of your columns by what they hold, such as "
        f"{column('reference')}; known are {known}"
    )


def status(word: str | None, state: str = "paid") -> str:
    """Return how to say what a word for a status means; None is a missing one."""
    if _FOR_THE_COMMAND_LINE.get():
        return "--status " + shlex.quote(f"{word or ''}={state}")
    return f"statuses={{{word!r}: {state!r}}}"


def words_of_statuses(given: Mapping[str, str]) -> str:
    """Return the name of what maps words to states, with one that it maps."""
    ((word, state),) = given.items()
    name = "--status" if _FOR_THE_COMMAND_LINE.get() else "statuses"
    return f"{name} maps {word} to {state}"


def sheet(path: str) -> str:
    """Return how to give one sheet of a workbook that has several."""
    if _FOR_THE_COMMAND_LINE.get():
        return "save the one with the orders as a file of its own"
    return f"give one of them, such as pandas.read_excel({path!r}, sheet_name=…)"
