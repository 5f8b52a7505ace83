"""A table that is written for a terminal, for a page or for another program.

In: titles and cells, all text. Out: a `rich` table, or Markdown, LaTeX (booktabs) or CSV.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rich import box
from rich.table import Table

from blip2idc.errors import printable

Justify: TypeAlias = Literal["left", "center", "right"]
FORMATS = ("text", "markdown", "latex", "csv")

_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {character: "\\" + character for character in "&%$#_{}"}
_MARKDOWN_RULES = {"left": ":--", "center": ":-:", "right": "--:"}


@dataclass
class Sheet:
    """One table.

    Attributes:
        columns: Title and justification of each.
        rows: Cells.
    """

    columns: tuple[tuple[str, Justify], ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Append a row; control characters in names are escaped."""
        self.rows.append(tuple(map(printable, cells)))

    def text(self) -> Table:
        """For a terminal."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for title, justify in self.columns:
            table.add_column(title, justify=justify, overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table

    def written(self, form: str) -> str:
        r"""As one of `FORMATS` but the first.

        >>> sheet = Sheet((("metric", "left"), ("score", "right")), [("a|b & c", "1.00")])
        >>> print(sheet.written("markdown"))
        | metric | score |
        | :-- | --: |
        | a\|b & c | 1.00 |
        >>> print(sheet.written("csv"))
        metric,score
        a|b & c,1.00
        """
        return {"markdown": self._markdown, "latex": self._latex, "csv": self._csv}[form]()

    def _titles(self) -> tuple[str, ...]:
        return tuple(title for title, _ in self.columns)

    def _markdown(self) -> str:
        lines = [self._titles(), *self.rows]
        escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
        escaped.insert(1, [_MARKDOWN_RULES[justify] for _, justify in self.columns])
        return "\n".join(f"| {' | '.join(cells)} |" for cells in escaped)

    def _latex(self) -> str:
        def line(cells: tuple[str, ...]) -> str:
            return " & ".join(
                re.sub(r"[\\~^&%$#_{}]", lambda found: _LATEX[found[0]], cell) for cell in cells
            )

        places = "".join(justify[0] for _, justify in self.columns)
        return "\n".join(
            [
                f"\\begin{{tabular}}{{{places}}}",
                "\\toprule",
                line(self._titles()) + r" \\",
                "\\midrule",
                *(line(row) + r" \\" for row in self.rows),
                "\\bottomrule",
                "\\end{tabular}",
            ]
        )

    def _csv(self) -> str:
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([self._titles(), *self.rows])
        return written.getvalue().rstrip("\n")
