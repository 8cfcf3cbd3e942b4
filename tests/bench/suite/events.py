"""An upstream of event streams: /v1/events sends 500 events, 2 ms apart, each with the nanosecond at which it left;
/v1/endless begins and never ends. Plain on one port and in TLS on another, a process of its own."""

import asyncio
import ssl
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
COUNT, PAUSE = 500, 0.002


def chunk():
    event = b"data: %d\n\n" % time.monotonic_ns()
    return b"%x\r\n%s\r\n" % (len(event), event)


async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD)
            if b"/v1/endless" in head.split(b"\r\n")[0]:
                writer.write(chunk())
                await reader.read(1)
                return
            for _ in range(COUNT):
                writer.write(chunk())
                await asyncio.sleep(PAUSE)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(plain, tls, chain, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    servers = [await asyncio.start_server(answer, "127.0.0.1", int(plain), backlog=4096),
               await asyncio.start_server(answer, "127.0.0.1", int(tls), backlog=4096, ssl=context)]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
