"""The base of servers that stand for providers of models: strict about what they are asked, obedient in what they answer."""

import json
import socket
import threading

from ..upstream import Upstream
from .answer import Answer
from .shapes import Misfit

PLACEHOLDER = b"opens-nothing"  # a part of every key that agents are given


class Denied(Exception):
    """The caller has not shown what the provider wants to see."""


class NotFound(Exception):
    pass


class ModelServer(Upstream):
    """One provider. What it answers is set with `answers`; what it got is in `asked`, what it turned down in `rejected`.

    A provider of its own is a subclass: `authenticate`, `endpoint` and the forms of answers, streams and errors.
    """

    name = "?"
    stream_type = "text/event-stream"

    def __init__(self, key="the-key-of-the-provider", **options):
        self.key = key
        self.rules = []  # (text, Answer or function of the Meaning): the first whose text occurs in the body
        self.otherwise = Answer()
        self.asked = []  # (path, body) of all that was right
        self.rejected = []  # why, of all that was not
        self.left = 0  # callers that left before the end
        self.sent_events = 0
        self._kept = threading.Lock()
        super().__init__(otherwise=self._serve_call, **options)
        self.variable = f"KEY_{self.port}"  # of the runner's environment, where the key is

    def answers(self, answer, when=None):
        """With `when`: to bodies in which this text occurs. An answer may be a function of the body's Meaning."""
        if when is None:
            self.otherwise = answer
        else:
            self.rules.append((when, answer))
        return self

    def bodies(self):
        return [body for _, body in self.asked]

    def abandoned(self):
        """Whether somebody who waits for an answer here has gone."""
        def is_closed(connection):
            try:
                return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
        return any(is_closed(connection) for connection in list(self._open))

    # What providers define

    def authenticate(self, request):
        raise NotImplementedError

    def endpoint(self, request, path):
        """(shape of the body, function of (answer, body) that gives (pieces of the answer, is a stream))."""
        raise NotImplementedError

    def error(self, status, message, kind=None, path=None):
        """The body of an error, as the provider tells it."""
        raise NotImplementedError

    def get(self, path):
        """The answer to a GET, or NotFound."""
        raise NotFound

    def read(self, path, body):
        """What a body means, as a `meaning.Meaning`."""
        raise NotImplementedError

    # How calls go

    def _refuse(self, exchange, status, message, kind=None, path=None, headers=()):
        self.rejected.append(f"{status} {exchange.request.method} {exchange.request.target}: {path or ''} {message}")
        self._reply(exchange, status, self.error(status, message, kind, path), headers)

    @staticmethod
    def _reply(exchange, status, body, headers=()):
        exchange.reply(status, [("Content-Type", "application/json"), *headers], json.dumps(body).encode(), "As It Is")

    def _serve_call(self, exchange):
        request = exchange.request
        exchange.read_body()
        path = request.target.partition("?")[0]
        try:
            if PLACEHOLDER in request.head + request.body:
                raise Denied("the placeholder has come through")
            self.authenticate(request)
            if request.method == "GET":
                return self._reply(exchange, 200, self.get(path))
            if request.method != "POST":
                return self._refuse(exchange, 405, "no such method")
            shape, respond = self.endpoint(request, path)
            if (request.header("Content-Type") or "").partition(";")[0] != "application/json":
                return self._refuse(exchange, 415, "expected application/json")
            body = json.loads(request.body)
            shape(body, "")
        except Denied as reason:
            return self._refuse(exchange, 401, str(reason))
        except NotFound:
            return self._refuse(exchange, 404, f"unknown path {path}")
        except ValueError:
            return self._refuse(exchange, 400, "the body is not JSON")
        except Misfit as misfit:
            return self._refuse(exchange, 400, str(misfit), misfit.kind, misfit.path)
        return self._answer(exchange, path, body, respond)

    def _choose(self, path, body):
        text = json.dumps(body, ensure_ascii=False)
        answer = next((answer for when, answer in self.rules if when in text), self.otherwise)
        return answer(self.read(path, body)) if callable(answer) else answer

    def _answer(self, exchange, path, body, respond):
        with self._kept:
            self.asked.append((path, body))
        answer = self._choose(path, body)
        if answer.error:
            status, message, headers = answer.error
            return self._reply(exchange, status, self.error(status, message), headers.items())
        pieces, is_stream = respond(answer, body)
        try:
            return self._deliver(exchange, pieces, is_stream, answer.delivery)
        except OSError:
            with self._kept:
                self.left += 1
            return False

    def _deliver(self, exchange, pieces, is_stream, delivery):
        """Writes chunks of their own, so that a reader sees the boundaries that `delivery` asks for."""
        kind = self.stream_type if is_stream else "application/json"
        exchange.send(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nX-Request-Id: req_1\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n".encode())
        for number, piece in enumerate(pieces):
            if delivery.before and delivery.before(number) is False:
                return False
            if number == delivery.break_after:
                exchange.send(self._chunk(piece[:len(piece) // 2]))
                return False
            size = delivery.size or len(piece)
            for at in range(0, len(piece), size):
                exchange.send(self._chunk(piece[at:at + size]))
            self.sent_events += 1
        exchange.send(b"0\r\n\r\n")
        return None

    @staticmethod
    def _chunk(data):
        return b"%x\r\n%s\r\n" % (len(data), data)


def whole(body):
    """An answer in one piece."""
    return [json.dumps(body, ensure_ascii=False).encode()], False


def event(data, name=None):
    """One event of a text/event-stream."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return ((f"event: {name}\n" if name else "") + f"data: {text}\n\n").encode()
