"""Several served processes over one database, each asked by name: what is answered by whom."""

import http.client
import sys
from contextlib import ExitStack, contextmanager

from tests.processes import Server, free_port


class Worker:
    """One process of one worker, and what it answers on a connection that stays open."""

    def __init__(self, port):
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

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
def workers(env, number=2, server="granian", application="denervation_site.wsgi:application"):
    """Starts processes that serve the site of an environment; yields a Worker for each."""
    with ExitStack() as stack:
        started = []
        for _ in range(number):
            port = free_port()
            options = {
                "granian": "--interface wsgi --workers 1 --blocking-threads 2 "
                f"--host 127.0.0.1 --port {port}",
                "gunicorn": f"--no-control-socket -k gthread --threads 2 -b 127.0.0.1:{port}",
            }[server]
            command = [sys.executable, "-m", server, *options.split(), application]
            started.append(Server(command, port, env))
            stack.callback(started[-1].stop)
        served = [Worker(process.ready().port) for process in started]
        for worker in served:
            stack.callback(worker.close)
            assert worker.get("/healthz/")[0] == 200
        yield served
