"""A source is what a text rests on. Its key never changes once a text cites it."""

from collections.abc import Container
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Exists, OuterRef

from causes.addresses import address
from causes.clock import future_objection, now
from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet
from causes.models.revision import Citation
from causes.models.texts import AddressField, LineField, SortKeyField
from causes.text.identifiers import TIDY, doi_address, identities
from causes.text.slugs import SLUG, SLUG_LIMIT


def with_full_stop(authors: str) -> str:
    """The authors with one full stop behind them."""
    return authors.rstrip(".") + "."


class SourceQuerySet(NaturalKeyQuerySet["Source"]):
    def with_live(self, at: datetime | None = None) -> Self:
        """Those that a text which visitors can read cites."""
        from causes.models.publication import Publication

        # From the citations to the spans: the other way round it would be all spans
        # for each source.
        live = Publication.objects.live(at).filter(revision=OuterRef("revision"))
        citations = Citation.objects.filter(source_key=OuterRef("key"))
        return self.filter(Exists(citations.filter(Exists(live))))

    def known_by(self, wanted: Container[tuple[str, str]]) -> list[tuple["Source", str]]:
        """Those that one of these identities is of, each with the field that says so.

        They are compared one by one: what makes two addresses the same is no SQL.
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
    url = AddressField(
        "address", blank=True, max_length=500, validators=[URLValidator(schemes=["http", "https"])]
    )
    checked_on = models.DateField(
        "checked on",
        null=True,
        blank=True,
        help_text="When an editor last read it and found that it says what the texts say it does.",
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        serialize=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    withdrawn_on = models.DateField(
        "withdrawn on",
        null=True,
        blank=True,
        help_text="When it was retracted or replaced. It stays listed, marked as withdrawn.",
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
        """What is wrong between its fields, as a sentence for each field."""
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
        """What it is known by beside its key: see causes/text/identifiers.py."""
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
        """Where to read it: (what the link says, address)."""
        found = []
        if self.doi:
            found.append((f"doi:{self.doi}", doi_address(self.doi)))
        if self.pmcid:
            found.append((self.pmcid, f"https://pmc.ncbi.nlm.nih.gov/articles/{self.pmcid}/"))
        if self.pmid:
            found.append((f"PMID {self.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"))
        if self.url:
            found.append((urlsplit(self.url).hostname or self.url, self.url))
        return found
