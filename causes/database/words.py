"""SQL that finds the words of tags and of texts that a database client wrote.

The words of all other texts come from causes/text/words.py, which this SQL follows as far as
it can.
"""

from causes.text.words import LINE

_LETTERS = {
    "ﬁ": "fi", "ﬂ": "fl", "ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o",
    "Ø": "o", "ł": "l", "Ł": "l", "'s": "s", "’s": "s",
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff", ""),
}  # fmt: skip


def taken_apart(value: str) -> str:
    """SQL for a text in which special letters and invisible signs are replaced.

    Both engines remove accents by themselves. SQLite's parser has no room for many more letters.
    """
    for sign, letters in _LETTERS.items():
        value = "replace({}, '{}', '{}')".format(value, sign.replace("'", "''"), letters)
    return value


# Porter's stems, as in SQLite, without a list of common words to leave out.
_CONFIGURATION = """DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_ts_dict WHERE dictname = 'causes_stem'
            AND dictnamespace = current_schema()::regnamespace) THEN
        CREATE TEXT SEARCH DICTIONARY causes_stem (TEMPLATE = snowball, LANGUAGE = porter);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_ts_config WHERE cfgname = 'causes_words'
            AND cfgnamespace = current_schema()::regnamespace) THEN
        CREATE TEXT SEARCH CONFIGURATION causes_words (PARSER = default);
        ALTER TEXT SEARCH CONFIGURATION causes_words ADD MAPPING FOR
            asciiword, word, numword, int, uint, float, sfloat WITH causes_stem;
    END IF; END $$"""

# Words of one or two letters are their own stems: `MS` is no `M`.
_SHORT = r"regexp_replace(value, '\m([a-z0-9]?[sy])\M', '\1LINE', 'g')".replace("LINE", LINE)

# Signs that are neither letters nor digits are removed: the parser would read `L4/L5` as an
# address and `-19` as a number.
_SIGNS = (
    r"[\u0001-/:-@[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf"
    r"\u00d7\u00f7\u2000-\u2bff\u3000-\u303f]+"
)
_EVENED = (
    (r"([a-z]*[aeiouy][^aeiouy ][a-z]*log)(?:y|ies|i)", r"\1"),
    (r"([a-z]*[aeiouy][^aeiouy ][a-z]*bl)(?:y|ies|i)", r"\1e"),
    (r"([a-z]*[aeiouy][a-z]*([chjkqvwx]))\2(?:ed|ings?)", r"\1"),
)


def _plain() -> str:
    # SQLite reads the micro sign as the Greek letter by itself.
    value = f"lower(normalize(replace({taken_apart('value')}, '\u00b5', '\u03bc'), NFD))"
    value = rf"regexp_replace({value}, '[\u0300-\u036f]', '', 'g')"
    value = f"regexp_replace({value}, '{_SIGNS}', ' ', 'g')"
    for pattern, even in _EVENED:
        value = rf"regexp_replace({value}, '\m{pattern}\M', '{even}', 'g')"
    return value


def _pure(name: str, returns: str, value: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}(value text) RETURNS {returns} "
        f"LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {value}"
    )


STATEMENTS = (
    _CONFIGURATION,
    _pure("causes_plain", "text", _plain()),
    _pure("causes_words", "tsvector", f"to_tsvector('causes_words', {_SHORT})"),
    _pure("causes_question", "tsquery", f"phraseto_tsquery('causes_words', {_SHORT})"),
)
