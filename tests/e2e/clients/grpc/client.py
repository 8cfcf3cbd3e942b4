"""gRPC's client for Python, as Debian has it. Tells what it saw as JSON; the same as client.mjs and client.go."""

import hashlib
import json
import os
import sys
import threading

import grpc

SERVICE = "/bank.Accounts/"
LIMIT = 60


def text(metadata):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in metadata or ()}


def failure(error):
    return {"code": error.code().value[0], "message": error.details(), "trailers": text(error.trailing_metadata())}


class Talker:
    def __init__(self, channel):
        self.channel = channel
        self.told = {}

    def unary(self, name, message, timeout=LIMIT, metadata=None):
        return self.channel.unary_unary(SERVICE + name).with_call(message, timeout=timeout, metadata=metadata)

    def failing(self, name, message, timeout=LIMIT):
        try:
            self.unary(name, message, timeout)
        except grpc.RpcError as error:
            return failure(error)
        return "it succeeded"

    def get(self):
        metadata = (("x-mine", "yes"), ("x-mine-bin", b"\x00\xffm"), ("x-mine", "again"))
        answer, call = self.unary("Get", b"hello", metadata=metadata)
        return {"answer": answer.decode(), "headers": text(call.initial_metadata()), "trailers": text(call.trailing_metadata())}

    def list(self):
        return [one.decode() for one in self.channel.unary_stream(SERVICE + "List")(b"item", timeout=LIMIT)]

    def collect(self):
        return self.channel.stream_unary(SERVICE + "Collect")(iter([b"a", b"b", b"c"]), timeout=LIMIT).decode()

    def chat(self):
        """Says something only when what was said before has been answered."""
        answered, heard = threading.Semaphore(1), []

        def say():
            for number in range(10):
                answered.acquire()
                yield b"%d" % number
        for answer in self.channel.stream_stream(SERVICE + "Chat")(say(), timeout=LIMIT):
            heard.append(answer.decode())
            answered.release()
        return heard

    def fail_late(self):
        heard = []
        try:
            for one in self.channel.unary_stream(SERVICE + "FailLate")(b"", timeout=LIMIT):
                heard.append(one.decode())
        except grpc.RpcError as error:
            return {"heard": heard, **failure(error)}

    def cancel(self):
        call = self.channel.unary_unary(SERVICE + "Slow").future(b"cancelled", timeout=LIMIT)
        sys.stdin.readline()
        call.cancel()
        try:
            call.result()
        except grpc.FutureCancelledError:
            return call.code().value[0]

    def large(self):
        sent = os.urandom(1 << 20) * 5
        got, _ = self.unary("Echo", sent)
        return hashlib.sha256(got).digest() == hashlib.sha256(sent).digest()

    def many(self):
        get = self.channel.unary_unary(SERVICE + "Get")
        calls = [get.future(b"%d" % number, timeout=LIMIT) for number in range(50)]
        return [call.result().decode() for call in calls]

    def refused(self):
        return self.failing("Delete", b"account")

    def stranger(self):
        return self.failing("Nothing", b"")["code"]

    def approved(self):
        return self.unary("Transfer", b"money")[0].decode()


def main():
    credentials = grpc.ssl_channel_credentials()
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    target = os.environ["TARGET"]
    channel = (grpc.secure_channel(target, credentials, limits) if os.environ.get("TLS")
               else grpc.insecure_channel(target, limits))
    talker = Talker(channel)
    steps = {"fail": lambda: talker.failing("Fail", b""), "late": lambda: talker.failing("Slow", b"late", 0.4)["code"]}
    for name in os.environ["STEPS"].split():
        print(json.dumps([name, steps.get(name, getattr(talker, name, None))()]), flush=True)


main()
