"""Whatever bytes a request holds, the answer is a page or a sentence, and never an error of ours.

The site is asked as a server asks it, page cache included. `make deep` tries more examples.
"""

import io
import os

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causes.preview_links import preview_links
from causes.public.front_door import FrontDoor
from causes.public.page_cache.application import PageCache
from tests.addresses import cookie_of, make_site, paths, undone
from tests.wsgi import ask

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

HEADERS = """ACCEPT ACCEPT_CHARSET ACCEPT_ENCODING ACCEPT_LANGUAGE AUTHORIZATION CACHE_CONTROL COOKIE
    DATE DNT EXPECT FORWARDED HOST IF_MATCH IF_MODIFIED_SINCE IF_NONE_MATCH IF_RANGE
    IF_UNMODIFIED_SINCE ORIGIN RANGE REFERER SEC_FETCH_SITE TE TRANSFER_ENCODING UPGRADE USER_AGENT
    VIA X_CSRFTOKEN X_FORWARDED_FOR X_FORWARDED_HOST X_FORWARDED_PROTO X_REQUESTED_WITH""".split()
PARAMETERS = """q page p o e all _popup _to_field _changelist_filters revision from to next term
    app_label model_name field_name file_format mode""".split()
FIELDS = """username password title slug summary body category tags note base shown copy action reason
    publish_at days revision q sure files csrfmiddlewaretoken _save _publish""".split()
PIECES = """0 1 -1 99999999999999999999 ² ٣ nan q=nan ;q= , ; * " ' % %s %00 %ff %ud800 \\ // .. [ ] { }
    <script> bytes=0- bytes=-1 bytes=9-1 W/"x" utf-7 charset=hex charset=idna charset=undefined
    boundary= multipart/form-data;boundary=b text/plain;charset=utf-16 application/json
    =?utf-8?q?x?= * * 1e309 ${x} ' OR 1=1""".split(" ")
PIECES += [
    "\x00",
    "\r\n",
    "\n",
    "\t",
    " ",
    "a" * 3000,
    ";" * 300,
    "é".encode().decode("latin-1"),
    "\ud800",
]

# As a server hands them on: bytes, read as Latin-1 (PEP 3333).
raw = st.one_of(
    st.binary(max_size=12).map(lambda some: some.decode("latin-1")),
    st.lists(st.sampled_from([piece for piece in PIECES if piece.isascii()]), max_size=5).map(
        "".join
    ),
    st.text(max_size=8).map(lambda text: text.encode(errors="surrogatepass").decode("latin-1")),
)
encoded = raw.map(lambda text: "".join(f"%{ord(c):02x}" if c in "&=#+%" else c for c in text))


# Servers refuse these in headers.
in_header = raw.map(lambda text: text.translate(dict.fromkeys(range(32), "")))
lengths = st.integers(0, 2**64).map(str)  # servers refuse any other
FORM = "application/x-www-form-urlencoded"
# Python knows more encodings than those of text.
charsets = st.sampled_from(
    "utf-8 utf-7 utf-16 hex idna punycode undefined rot13 unicode_escape".split(" ")
)
kinds = st.one_of(
    st.sampled_from([FORM, "multipart/form-data;boundary=b", "text/plain"]),
    charsets.map(f"{FORM}; charset=".__add__),
    charsets.map("multipart/form-data; charset={}; boundary=b".format),
    in_header,
)


def pairs(names):
    one = st.tuples(st.one_of(st.sampled_from(names), encoded), encoded).map("=".join)
    return st.lists(one, max_size=4).map("&".join)


@pytest.fixture
def site(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.WHITENOISE_USE_FINDERS = True
    cache = PageCache(get_wsgi_application(), room=1_000_000)
    made = FrontDoor(cache)
    rows = make_site()
    made.paths = [path for found in paths(rows).values() for path in found[:2]]
    made.cookie = cookie_of(rows.people["Superuser"])
    made.token = preview_links(rows.entries["cause", "draft"])[0].path.split("/")[-2]
    # As Django's own client does: the connection stays open, in the transaction of the test.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield made
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    cache.watch.close()


def answered(site, method, address, **sent):
    with undone():
        status, headers, body = ask(site, method, address, **sent)
    assert status < 500, (method, address, sent)
    assert b"Traceback" not in body
    assert b"Something went wrong" not in body
    assert headers["content-security-policy"]
    return status


@FUZZ
@given(st.data())
def test_no_path_query_or_header_is_an_error(site, data):
    path = data.draw(st.one_of(st.sampled_from(site.paths), raw.map("/".__add__)))
    extra = data.draw(st.one_of(st.just(""), encoded))
    headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), in_header, max_size=4))
    sent = {f"HTTP_{name}": value for name, value in headers.items()}
    if data.draw(st.booleans()) and "HTTP_COOKIE" not in sent:
        sent["HTTP_COOKIE"] = site.cookie
    sent |= {"CONTENT_TYPE": data.draw(kinds), "CONTENT_LENGTH": data.draw(lengths)}
    method = data.draw(st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "TRACE", "POST", "x y"]))
    query = data.draw(pairs(PARAMETERS))
    answered(site, method, f"{path}{extra.replace('?', '')}", QUERY_STRING=query, **sent)


@FUZZ
@given(st.data())
def test_no_body_of_a_form_is_an_error(site, data):
    path = data.draw(st.sampled_from([path for path in site.paths if path.startswith("/admin/")]))
    body = data.draw(st.one_of(pairs(FIELDS).map(lambda text: text.encode("latin-1")), st.binary()))
    kind = data.draw(kinds)
    if kind.endswith("boundary=b") and data.draw(st.booleans()):
        head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
        body = head % data.draw(st.sampled_from(FIELDS)).encode() + body + b"\r\n--b--\r\n"
    length = data.draw(st.one_of(st.just(str(len(body))), lengths))
    sent = {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": kind, "CONTENT_LENGTH": length}
    token = "a" * 32  # in the cookie and in the header: the check of forms comes later than reading
    cookie = data.draw(st.sampled_from([site.cookie, ""])) + f"; csrftoken={token}"
    answered(site, "POST", path, HTTP_COOKIE=cookie, HTTP_X_CSRFTOKEN=token, **sent)


@FUZZ
@given(st.data())
def test_no_forged_preview_link_shows_anything(site, data):
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(site.token))] * 2)))
    forged = site.token[:start] + data.draw(raw) + site.token[end:]
    status = answered(site, "GET", f"/preview/{forged}/".replace("?", ""))
    assert (status == 200) <= (forged.strip("/") == site.token)
