"""A page of the documentation, as the small project that it describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Every page that shows code.
PAGES = [
    "README.md",
    *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")),
    *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*/*.md")),
]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The first line of a block may name its file: `# shop.py`, `// shop.mjs`, `{# templates/pay.html #}`.
_NAMED = re.compile(r"(?:#|//|\{#) ([\w./-]+\.\w+)(, at its end)?(?:: .*)?(?: #\})?\n")


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    @property
    def file(self) -> str | None:
        named = _NAMED.match(self.text)
        return named and named[1]

    @property
    def is_appended(self) -> bool:
        named = _NAMED.match(self.text)
        return bool(named and named[2])


class Page:
    def __init__(self, path: str) -> None:
        text = (ROOT / path).read_text(encoding="utf-8")
        self.path = path
        self.blocks = [Block(*block) for block in _BLOCK.findall(text)]

    def write(self, folder: Path) -> None:
        """Writes the files that the page shows, as somebody who copies them would."""
        for block in self.blocks:
            if block.file is not None:
                file = folder / block.file
                file.parent.mkdir(parents=True, exist_ok=True)
                first, _, rest = block.text.partition("\n")
                # What a template begins with is for readers of the page.
                text = rest if first.startswith("{#") else block.text
                with file.open("a" if block.is_appended else "w", encoding="utf-8") as output:
                    output.write(text)

    def of(self, *languages: str) -> list[Block]:
        return [block for block in self.blocks if block.language in languages]

    @property
    def commands(self) -> list[str]:
        """The commands with which one tries it: all up to those that start it."""
        commands: list[str] = []
        for block in self.of("sh"):
            lines = [re.sub(r"\s+#.*", "", line) for line in block.text.splitlines()]
            commands += filter(None, lines)
            if any(map(is_simulator, lines)):
                return commands
        raise ValueError(f"{self.path} does not say how to try it without keys")

    @property
    def installs(self) -> str:
        """What its `pip install` or `npm install` names."""
        (line,) = (line for line in self.commands if " install " in line)
        return line.partition(" install ")[2]

    @property
    def before(self) -> str:
        """What is done before its files are copied."""
        simulated = next(i for i, line in enumerate(self.commands) if is_simulator(line))
        return "\n".join(line for line in self.commands[:simulated] if " install " not in line)

    @property
    def starts(self) -> str:
        """What starts it, once the simulator's variables are there."""
        simulated = next(i for i, line in enumerate(self.commands) if is_simulator(line))
        return "\n".join(self.commands[simulated + 1 :])


def is_simulator(line: str) -> bool:
    return "netgiro simulator --export" in line
