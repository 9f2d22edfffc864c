"""Numbers and names in the sentences of the desk."""

from django.contrib.auth.base_user import AbstractBaseUser


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 revision`, `2 revisions`, `0 entries`: the plural is the noun with an s unless given."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def name_of(person: AbstractBaseUser | None, otherwise: str = "somebody") -> str:
    """The user name of a person, or another word if nobody is on record."""
    return person.get_username() if person else otherwise
