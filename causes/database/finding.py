"""The lookup `holds`, which every search box of the desk uses: `title__holds="ostergaard"`.

SQLite's LIKE ignores case only for A to Z, and PostgreSQL's tells accents apart. So both
engines compare the form that `findable` gives to a text.
"""

from typing import Any

from django.db.models import CharField, Lookup, TextField

from causes.text.finding import DOUBLE, MARKS, SINGLE, UNSEEN, findable


@CharField.register_lookup
@TextField.register_lookup
class Holds(Lookup):
    """Whether a text contains these words, in any case, with or without accents."""

    lookup_name = "holds"

    def get_prep_lookup(self) -> str:
        return findable(str(self.rhs))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        text, params = self.process_lhs(compiler, connection)
        words, more = self.process_rhs(compiler, connection)
        at = "strpos" if connection.vendor == "postgresql" else "instr"
        return f"{at}(causes_findable({text}), {words}) > 0", [*params, *more]


def teach_sqlite(connection: Any, **_: Any) -> None:
    """The connection_created receiver: lets SQLite call the Python function."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("causes_findable", 1, _findable, deterministic=True)


def _findable(text: str | None) -> str | None:
    return None if text is None else findable(text)


def _postgresql() -> str:
    # Both cases of each, whatever the locale of the database is.
    pairs = [
        (c, plain)
        for one, plain in SINGLE.items()
        for c in dict.fromkeys((one, one.upper()))
        if c != "I"
    ]
    spelled = "lower(regexp_replace(normalize(value, NFKD), "
    spelled += rf"'[{MARKS}{UNSEEN}]', '', 'g'))"
    spelled = f"translate({spelled}, '{''.join(c for c, _ in pairs)}', "
    spelled += f"'{''.join(plain for _, plain in pairs)}')"
    for one, plain in DOUBLE.items():
        for letter in (one, one.upper()):
            if len(letter) == 1:
                spelled = f"replace({spelled}, '{letter}', '{plain}')"
    # Most texts are plain ASCII, for which lower() is enough.
    return f"""CREATE OR REPLACE FUNCTION causes_findable(value text) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
        WHEN octet_length(value) = length(value) THEN lower(value) ELSE {spelled} END"""


FINDABLE = _postgresql()
"""PostgreSQL's own `findable`."""
