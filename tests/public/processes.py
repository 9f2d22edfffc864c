"""Several served processes over one database, each asked by name: what is answered by whom."""

import http.client
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

from django.conf import settings

from tests.management.test_serving import free_port


class Worker:
    """One process of one worker, and what it answers on a connection that stays open."""

    def __init__(self, port):
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def get(self, path, **headers):
        """(status, body as text, headers) of an answer, whatever the status."""
        try:
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers

    def close(self):
        self._connection.close()


@contextmanager
def workers(environment, number=2, server="granian"):
    """Starts processes that serve the site of an environment; yields a Worker for each."""
    with ExitStack() as stack:
        started = []
        for _ in range(number):
            port = free_port()
            command = {
                "granian": "--interface wsgi --workers 1 --blocking-threads 2 --log-level warning "
                f"--host 127.0.0.1 --port {port}",
                "gunicorn": f"--no-control-socket -k gthread --threads 2 -b 127.0.0.1:{port}",
            }[server]
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    server,
                    *command.split(),
                    "denervation_site.wsgi:application",
                ],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, timeout=30)
            stack.callback(process.terminate)
            started.append(Worker(port))
            stack.callback(started[-1].close)
        for worker in started:
            for _ in range(200):
                try:
                    if worker.get("/healthz/")[0] == 200:
                        break
                except OSError:
                    time.sleep(0.1)
            else:
                raise AssertionError("a worker did not start")
        yield started
