"""Papers are recognised in whatever form their numbers are pasted."""

import pytest

from causes.text import identifiers

OLD = "10.1002/(SICI)1097-4598(199910)22:10<1330::AID-MUS2>3.0.CO;2-#"


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("10.1000/xyz", "10.1000/xyz"),
        ("  10.1000/xyz\n", "10.1000/xyz"),
        ("https://doi.org/10.1000/xyz", "10.1000/xyz"),
        ("http://dx.doi.org/10.1000/xyz", "10.1000/xyz"),
        ("HTTPS://WWW.DOI.ORG/10.1000/XYZ", "10.1000/XYZ"),
        ("doi.org/10.1000/xyz", "10.1000/xyz"),
        ("doi:10.1000/xyz", "10.1000/xyz"),
        ("DOI: 10.1000/xyz", "10.1000/xyz"),
        ("doi 10.1000/xyz", "10.1000/xyz"),
        ("https://doi.org/10.1000%2Fxyz%23a", "10.1000/xyz#a"),
        (f"https://doi.org/{OLD}", OLD),
        (identifiers.doi_address(OLD), OLD),
        ("10.1000/50%25off", "10.1000/50%25off"),
        (identifiers.doi_address("10.1000/50%25off?a"), "10.1000/50%25off?a"),
        ("no doi", "no doi"),
        ("", ""),
    ],
)
def test_a_doi_is_kept_without_what_is_pasted_before_it(pasted, kept):
    assert identifiers.doi(pasted) == kept
    assert identifiers.doi(kept) == kept


@pytest.mark.parametrize(
    ("name", "pasted", "kept"),
    [
        ("pmid", "PMID: 25738518", "25738518"),
        ("pmid", "pmid25738518", "25738518"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/25738518/", "25738518"),
        ("pmid", "http://www.ncbi.nlm.nih.gov/pubmed/25738518", "25738518"),
        ("pmid", "0025738518", "25738518"),
        ("pmid", "abc", "abc"),
        ("pmcid", "pmc5541325", "PMC5541325"),
        ("pmcid", "PMCID: PMC5541325", "PMC5541325"),
        ("pmcid", "https://pmc.ncbi.nlm.nih.gov/articles/PMC5541325/", "PMC5541325"),
        ("pmcid", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5541325", "PMC5541325"),
        ("pmcid", "5541325", "5541325"),
    ],
)
def test_numbers_of_pubmed_are_kept_without_their_words_and_addresses(name, pasted, kept):
    assert identifiers.TIDY[name](pasted) == kept
    assert identifiers.TIDY[name](kept) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"doi": "10.1000/XYZ"}, {"doi": "https://doi.org/10.1000/xyz"}),
        ({"doi": "10.1000/xyz"}, {"url": "http://dx.doi.org/10.1000/XYZ"}),
        ({"pmid": "PMID: 7"}, {"url": "https://pubmed.ncbi.nlm.nih.gov/7/"}),
        ({"pmcid": "pmc7"}, {"url": "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7/"}),
        ({"url": "http://www.WHO.int/a"}, {"url": "https://who.int/a/"}),
        ({"url": "https://who.int"}, {"url": "https://who.int:443/"}),
        ({"url": "https://who.int/a%20b"}, {"url": "https://who.int/a b"}),
    ],
)
def test_two_ways_of_writing_one_paper_are_one(one, other):
    assert identifiers.identities(one).keys() & identifiers.identities(other).keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"doi": "10.1000/a"}, {"doi": "10.1000/ab"}),
        ({"pmid": "7"}, {"pmcid": "PMC7"}),
        ({"url": "https://who.int/A"}, {"url": "https://who.int/a"}),
        ({"url": "https://who.int/a?b=1"}, {"url": "https://who.int/a?b=2"}),
        ({}, {}),
        ({"doi": ""}, {"doi": ""}),
    ],
)
def test_two_papers_are_two(one, other):
    assert not identifiers.identities(one).keys() & identifiers.identities(other).keys()
