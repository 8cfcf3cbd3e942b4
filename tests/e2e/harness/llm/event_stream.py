"""application/vnd.amazon.eventstream: frames of headers and a payload, each with two checksums."""

import json
import struct
import zlib

STRING = 7


def header(name, value):
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", STRING, len(value)) + value.encode()


def frame(headers, payload):
    fields = b"".join(header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(fields) + len(payload), len(fields))
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + fields + payload
    return head + struct.pack(">I", zlib.crc32(head))


def message(name, content):
    return frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, json.dumps(content, ensure_ascii=False).encode())


def exception(name, text):
    return frame({":exception-type": name, ":content-type": "application/json", ":message-type": "exception"},
                 json.dumps({"message": text}).encode())
