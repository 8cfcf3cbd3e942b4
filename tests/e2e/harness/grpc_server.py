"""An independent gRPC server: grpcio as Debian has it. Messages are bytes, so that no code has to be generated for them."""

import os
import threading
from concurrent import futures
from pathlib import Path

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # tests start programs, and none of them goes on with this library

import grpc  # noqa: E402

SERVICE = "bank.Accounts"
LARGE = 32 * 1024 * 1024


class GrpcServer:
    """Serves SERVICE on a loopback port, in TLS where there is a certificate (chain file, key file).

    Get and Echo answer with what they got, List with five messages, Collect with what it got all in all, Chat to each message at
    once. Fail ends without an answer, FailLate after one, Slow when its client or its deadline says so. Delete, Transfer and Open
    are as Get, for policy.
    """

    def __init__(self, tls=None):
        self.calls = []  # of {"method", "metadata", "time_left"}
        self.begun = []  # messages of Slow that somebody answers; those that are given up before are not among them
        self.ended = []  # of {"method", "time_left"}: calls of Slow that were not waited for any longer
        self._server = grpc.server(futures.ThreadPoolExecutor(100), options=[
            ("grpc.max_receive_message_length", LARGE), ("grpc.max_send_message_length", LARGE), ("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers([self])
        self._tls = tls
        if tls:
            chain, key = (Path(file).read_bytes() for file in tls)
            self.port = self._server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
        else:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._one = {name: grpc.unary_unary_rpc_method_handler(self._get) for name in ("Get", "Delete", "Transfer", "Open")}
        self._handlers = {
            **self._one, "Echo": grpc.unary_unary_rpc_method_handler(lambda message, context: message),
            "List": grpc.unary_stream_rpc_method_handler(self._list),
            "Collect": grpc.stream_unary_rpc_method_handler(self._collect),
            "Chat": grpc.stream_stream_rpc_method_handler(self._chat),
            "Fail": grpc.unary_unary_rpc_method_handler(self._fail),
            "FailLate": grpc.unary_stream_rpc_method_handler(self._fail_late),
            "Slow": grpc.unary_unary_rpc_method_handler(self._slow)}

    @property
    def url(self):
        return f"{'https://localhost' if self._tls else 'http://127.0.0.1'}:{self.port}"

    def service(self, details):
        """Of grpc.GenericRpcHandler."""
        service, _, name = details.method[1:].partition("/")
        self.calls.append({"method": details.method, "metadata": list(map(tuple, details.invocation_metadata))})
        return self._handlers.get(name) if service == SERVICE else None

    def called(self, name):
        """The metadata of each call of a method."""
        return [dict(call["metadata"]) for call in self.calls if call["method"] == f"/{SERVICE}/{name}"]

    def close(self):
        self._server.stop(0).wait(10)

    @staticmethod
    def _get(message, context):
        context.send_initial_metadata((("x-first", "1"), ("x-first-bin", b"\x00\xffi")))
        context.set_trailing_metadata((("x-last", "2"), ("x-last-bin", b"\x00\xfft")))
        return b"got " + message

    @staticmethod
    def _list(message, context):
        for number in range(5):
            yield b"%s %d" % (message, number)

    @staticmethod
    def _collect(messages, context):
        return b"|".join(messages)

    @staticmethod
    def _chat(messages, context):
        for message in messages:
            yield b"re " + message

    @staticmethod
    def _fail(message, context):
        context.set_trailing_metadata((("x-why", "gone"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "no such account: 100% \u00fc")

    @staticmethod
    def _fail_late(message, context):
        yield b"first"
        context.abort(grpc.StatusCode.DATA_LOSS, "lost")

    def _slow(self, message, context):
        self.begun.append(message)
        over = threading.Event()
        left = context.time_remaining()
        if context.add_callback(over.set):
            over.wait(60)
        self.ended.append({"message": message, "time_left": left})
        return b"late"
