"""Density: a line says one thing. Counted over the product's files, without migrations."""

from __future__ import annotations

import ast
import io
import operator
import tokenize
from dataclasses import dataclass
from functools import cache, reduce

from tests.sources import python_files, tree

TOKENS_PER_LINE = 7.4
CONDITIONALS_PER_1000_LINES = 12
COMMENTS_PER_100_LINES = 3
NOT_COUNTED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Counts:
    """What one file, or all of them, holds."""

    tokens: int
    comments: int
    lines: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.tokens + other.tokens, self.comments + other.comments, self.lines + other.lines
        )


def counts_of(text: str) -> Counts:
    """Count tokens of code, comments, and the lines that are neither blank nor only a comment."""
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    lines = [line.strip() for line in text.splitlines()]
    return Counts(
        tokens=sum(kind not in NOT_COUNTED for kind in kinds),
        comments=kinds.count(tokenize.COMMENT),
        lines=sum(bool(line) and not line.startswith("#") for line in lines),
    )


@cache
def of_product() -> Counts:
    return reduce(
        operator.add, (counts_of(path.read_text(encoding="utf-8")) for path in python_files())
    )


def test_lines_hold_few_tokens() -> None:
    product = of_product()
    assert product.tokens / product.lines <= TOKENS_PER_LINE


def test_conditional_expressions_are_few() -> None:
    nodes = (node for path in python_files() for node in ast.walk(tree(path)))
    conditionals = sum(isinstance(node, ast.IfExp) for node in nodes)
    assert 1000 * conditionals / of_product().lines <= CONDITIONALS_PER_1000_LINES


def test_comments_explain() -> None:
    product = of_product()
    assert 100 * product.comments / product.lines >= COMMENTS_PER_100_LINES


def test_counting_knows_code_from_comments_and_blanks() -> None:
    text = "# why\n\nvalue = one if two else three  # why\n"
    assert counts_of(text) == Counts(tokens=7, comments=2, lines=1)
