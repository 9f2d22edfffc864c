"""A source is a publication that texts cite by its key, which then never changes."""

from collections.abc import Container
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Exists, OuterRef

from causes.addresses import address
from causes.clock import future_objection, now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.people import person
from causes.models.publication import Publication
from causes.models.revision import Citation
from causes.models.texts import LineField, SortKeyField, URLField
from causes.text.identifiers import TIDY, doi_address, identities
from causes.text.slugs import SLUG, SLUG_LIMIT


def with_full_stop(authors: str) -> str:
    """The authors, ending in exactly one full stop."""
    return authors.rstrip(".") + "."


class SourceQuerySet(NaturalKeyQuerySet["Source"]):
    def with_live(self, at: datetime | None = None) -> Self:
        """Sources that a live text cites."""
        # From the citations to the publications. The other way round, the database would read
        # all live publications for each source.
        live = Publication.objects.live(at).filter(revision=OuterRef("revision"))
        citations = Citation.objects.filter(source_key=OuterRef("key"))
        return self.filter(Exists(citations.filter(Exists(live))))

    def known_by(self, wanted: Container[tuple[str, str]]) -> list[tuple["Source", str]]:
        """Sources with one of these identities, each with the field that holds it.

        They are compared in Python: SQL cannot tell whether two web addresses are the same.
        """
        found = []
        for source in self.only("key", "title", "withdrawn_on", *TIDY).order_by("key"):
            for identity, field in source.identities().items():
                if identity in wanted:
                    found.append((source, field))
                    break
        return found


class Source(NaturalKeyModel):
    class Kind(models.TextChoices):
        SYSTEMATIC_REVIEW = "systematic-review", "systematic review"
        GUIDELINE = "guideline", "guideline"
        TRIAL = "trial", "trial"
        REVIEW = "review", "review"
        ARTICLE = "article", "article"
        REFERENCE_BOOK = "reference-book", "reference book"
        HEALTH_AUTHORITY = "health-authority", "health authority"
        OTHER = "other", "other"

    natural_key_fields = ("key",)

    key = models.CharField(
        max_length=SLUG_LIMIT,
        unique=True,
        validators=[
            RegexValidator(
                rf"^{SLUG}\Z", "Write small letters a to z, digits and single hyphens: maas-2015."
            )
        ],
        help_text="How texts cite it: [@maas-2015]. It never changes once a text does.",
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    authors = LineField(max_length=500)
    sort_authors = SortKeyField(of="authors")
    title = LineField(max_length=500)
    published_in = LineField(
        "published in", max_length=300, blank=True, help_text="Journal with volume, or publisher."
    )
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    doi = LineField(
        "DOI",
        max_length=200,
        blank=True,
        validators=[RegexValidator(r"^10\.\d{4,9}/\S+\Z", "A DOI looks like 10.1000/xyz123.")],
    )
    pmid = LineField(
        "PMID",
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"^[0-9]+\Z", "A PMID is a number.")],
    )
    pmcid = LineField(
        "PMCID",
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^PMC[0-9]+\Z", "A PMCID looks like PMC5541325.")],
    )
    url = URLField(
        "web address",
        blank=True,
        max_length=500,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    checked_on = models.DateField(
        "checked on",
        null=True,
        blank=True,
        help_text="The day on which an editor last checked that it supports the texts "
        "that cite it.",
    )
    checked_by = person()
    withdrawn_on = models.DateField(
        "withdrawn on",
        null=True,
        blank=True,
        help_text="The day on which it was retracted or replaced. "
        "It remains listed, marked as withdrawn.",
    )
    withdrawn_reason = LineField(max_length=300, blank=True)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[Any] = SourceQuerySet.as_manager()

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return f"{self.key}: {self.title}"

    def clean(self) -> None:
        if objections := self.objections():
            raise ValidationError(objections)

    def objections(self) -> dict[str, str]:
        """Contradictions between fields: a sentence for each field that is wrong."""
        found = {}
        for name in ("checked_on", "withdrawn_on"):
            field: Any = self._meta.get_field(name)
            day = field.to_python(getattr(self, name))
            if sentence := future_objection(day):
                found[name] = sentence
        if self.withdrawn_reason and not self.withdrawn_on:
            found["withdrawn_on"] = "Say when it was withdrawn."
        return found

    def identities(self) -> dict[tuple[str, str], str]:
        """The identifiers of the paper, such as its DOI: see causes/text/identifiers.py."""
        return identities({name: getattr(self, name) for name in TIDY})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.updated_at = now()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return address("source", self.key)

    @property
    def authors_sentence(self) -> str:
        return with_full_stop(self.authors)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Links to the paper: (words of the link, web address)."""
        every = (
            (self.doi, f"doi:{self.doi}", doi_address(self.doi)),
            (self.pmcid, self.pmcid, f"https://pmc.ncbi.nlm.nih.gov/articles/{self.pmcid}/"),
            (self.pmid, f"PMID {self.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"),
            (self.url, urlsplit(self.url).hostname or self.url, self.url),
        )
        return [(words, url) for known, words, url in every if known]
