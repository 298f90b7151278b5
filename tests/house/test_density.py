"""Density: a line says one thing. Counted over the product's files, without migrations."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

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


def tokens_of(text: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type not in NOT_COUNTED for token in tokens)


def lines_of(text: str) -> int:
    """Return the number of lines that are neither blank nor only a comment."""
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def comments_of(text: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT for token in tokens)


def texts() -> Iterator[str]:
    for path in python_files():
        yield path.read_text(encoding="utf-8")


def test_lines_hold_few_tokens() -> None:
    tokens = sum(map(tokens_of, texts()))
    lines = sum(map(lines_of, texts()))
    assert tokens / lines <= TOKENS_PER_LINE


def test_conditional_expressions_are_few() -> None:
    nodes = (node for path in python_files() for node in ast.walk(tree(path)))
    conditionals = sum(isinstance(node, ast.IfExp) for node in nodes)
    lines = sum(map(lines_of, texts()))
    assert 1000 * conditionals / lines <= CONDITIONALS_PER_1000_LINES


def test_comments_explain() -> None:
    comments = sum(map(comments_of, texts()))
    lines = sum(map(lines_of, texts()))
    assert 100 * comments / lines >= COMMENTS_PER_100_LINES


def test_counting_knows_code_from_comments_and_blanks() -> None:
    text = "# why\n\nvalue = one if two else three  # why\n"
    assert tokens_of(text) == 7
    assert lines_of(text) == 1
    assert comments_of(text) == 2
