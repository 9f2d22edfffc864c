"""nginx as deploy/nginx.conf configures it, in front of the site; only paths and ports differ."""

import re
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from threading import Event

import pytest
from django.conf import settings

from tests.processes import Server, environment, free_port
from tests.public.test_capacity import STATIC, answer, form, get

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")

pytestmark = pytest.mark.skipif(
    not (NGINX and shutil.which("openssl")), reason="nginx or openssl is not installed"
)


def configured(folder, http, https, site):
    """The shipped file, with the paths and ports of this test."""
    text = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    for pattern, replacement in {
        r"user www-data;": "daemon off;",
        r"/run/nginx.pid": f"{folder}/pid",
        r"/var/log/nginx/\w+\.log": f"{folder}/log",
        r"listen \[::\].*": "",
        r"listen 80 ": f"listen 127.0.0.1:{http} ",
        r"listen 443 ": f"listen 127.0.0.1:{https} ",
        r"/etc/letsencrypt/live/example.org": str(folder),
        r"example\.org": "localhost",
        r"127\.0\.0\.1:8000": f"127.0.0.1:{site}",
        r"http \{": "http {\n"
        + "".join(
            f"    {kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ),
    }.items():
        text, number = re.subn(pattern, replacement, text)
        assert number, pattern
    (folder / "nginx.conf").write_text(text)
    return folder / "nginx.conf"


@pytest.fixture
def ports(tmp_path):
    """The ports of http and https; the site behind them has one worker."""
    http, https, site = (free_port() for _ in range(3))
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout privkey.pem -out fullchain.pem".split(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    data = tmp_path / "data"
    env = environment(
        DATA_DIR=str(data),
        PORT=str(site),
        WORKERS="1",
        BEHIND_PROXY="1",
        SITE_URL="https://localhost",
        ALLOWED_HOSTS="localhost",
    )
    tmp_path.chmod(0o755)  # nginx changes to an account of its own if root starts it
    conf = configured(tmp_path, http, https, site)
    with ExitStack() as stack:
        server = Server([sys.executable, "manage.py", "serve"], site, env)
        stack.callback(server.stop)
        server.ready()
        nginx = subprocess.Popen([NGINX, "-c", conf, "-e", tmp_path / "log"])
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        wait_for(https, nginx)
        yield http, https


def wait_for(port, process):
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None
            Event().wait(0.01)
        else:
            return


def secure(folder, port, text):
    context = ssl.create_default_context(cafile=folder / "fullchain.pem")
    plain = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection = context.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(text.encode())
    return connection


def test_with_the_proxy_the_desk_works_while_bodies_stall(ports, tmp_path):
    http, https = ports

    def ask(path, more="", method="GET", body=""):
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n{body}"
        return answer(secure(tmp_path, https, text))

    assert get(http, "/causes/")[1]["location"] == "https://localhost/causes/"
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(secure(tmp_path, https, form("/admin/login/")))
        for path in ("/causes/polio/", STATIC, "/healthz/", "/admin/login/"):
            assert ask(path)[0] == 200, path
        cookie = f"Cookie: csrftoken={'a' * 32}\r\nContent-Length: 5\r\n"
        assert ask("/admin/login/", cookie, "POST", "a=b&c")[0] == 403
    # The scheme is the proxy's word, and the address is not the client's.
    status, headers, _ = ask("/causes/", "X-Forwarded-Proto: http\r\nX_Forwarded_Proto: http\r\n")
    assert status == 200
    assert "strict-transport-security" in headers
    assert headers["server"] == "nginx"
    too_large = f"Content-Length: {7 * 1024 * 1024}\r\n"
    assert ask("/causes/", too_large, "POST")[0] == 413
