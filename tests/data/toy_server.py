"""A file server on this machine that answers as a test wants."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `answers` (status, body), the last one from then on."""

    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests = list(answers), 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/toy/train.csv"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = self.server.answers[min(self.server.requests, len(self.server.answers) - 1)]
        self.server.requests += 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass
