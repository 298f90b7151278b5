"""Tables of allowed moves between states, the same for Python and for the database's trigger."""

from __future__ import annotations

from collections.abc import Mapping

from crm.lib.errors import IllegalMove

Moves = Mapping[str, frozenset[str]]


def check_move(moves: Moves, old: str, new: str) -> None:
    """Raise IllegalMove unless ``old -> new`` stands in ``moves``."""
    if new not in moves.get(old, frozenset()):
        raise IllegalMove


def trigger_sql(table: str, column: str, moves: Moves) -> tuple[str, str]:
    """SQL that makes (and unmakes) a trigger which refuses a change of ``column`` that is not in ``moves``."""
    pairs = ", ".join(f"('{old}', '{new}')" for old, news in sorted(moves.items()) for new in sorted(news))
    name = f"{table}_{column}_moves"
    forward = f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.{column} IS DISTINCT FROM OLD.{column}
               AND (OLD.{column}, NEW.{column}) NOT IN ({pairs}) THEN
                RAISE EXCEPTION '{table}.{column}: % -> % is not allowed', OLD.{column}, NEW.{column}
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        DROP TRIGGER IF EXISTS {name} ON {table};
        CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table}
            FOR EACH ROW EXECUTE FUNCTION {name}();
    """
    return forward, f"DROP TRIGGER IF EXISTS {name} ON {table}; DROP FUNCTION IF EXISTS {name}();"
