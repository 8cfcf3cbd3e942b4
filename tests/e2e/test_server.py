"""`runagents server` as a process: how it starts, whom it lets in, how it ends."""

import re
import signal
import socket
import ssl
import stat
import subprocess

from harness.case import PROGRAM, main
from harness.postgres import Postgres
from harness.raw_http import RawConnection, exchange
from harness.server import ServerCase
from harness.waiting import until

KEY = re.compile(r"rl_[A-Za-z0-9_-]{43}")


def is_refused(address):
    host, _, port = address.split("//")[1].rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


class Starting(ServerCase):
    def refused(self, *flags, status=2, data=None):
        done = self.cli("server", "--data", data or self.folder / "server", *flags, status=status)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_beyond_the_loopback_it_takes_tls_or_a_word(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:127.0.0.1]:0"):
            with self.subTest(address):
                self.assertIn("without TLS", self.refused("--listen", address))
        for address in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.1.evil:0", "127.0.0.1:-1"):
            with self.subTest(address):
                self.assertIn("address", self.refused("--listen", address).lower())
        server = self.start_server("--insecure", listen="0.0.0.0:0")
        self.assertTrue(server.url.startswith("http://0.0.0.0:"))

    def test_certificate_and_key_must_go_together(self):
        chain, key = self.authority().issue("one", "IP:127.0.0.1")
        _, other = self.authority().issue("two", "IP:127.0.0.1")
        at = ("--listen", "127.0.0.1:0")
        self.assertIn("go together", self.refused(*at, "--tls-cert", chain))
        self.assertIn("go together", self.refused(*at, "--tls-key", key))
        self.assertIn("cannot be used", self.refused(*at, "--tls-cert", chain, "--tls-key", other))
        self.assertIn("cannot be used", self.refused(*at, "--tls-cert", key, "--tls-key", key))
        self.assertIn("cannot be used", self.refused(*at, "--tls-cert", self.folder / "none", "--tls-key", key))
        self.assertFalse((self.folder / "server/runagents.db").exists())

    def test_tls_is_1_2_or_newer(self):
        server = self.start_server(tls=True)
        self.assertEqual(server.as_admin("GET", "/users/me").status, 200)
        address = server.url.split("//")[1]
        for version, wanted in ((ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                                (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.subTest(version):
                context = ssl.create_default_context(cafile=str(self.authority().ca_file))
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = version
                try:
                    with RawConnection(address, tls=context) as connection:
                        spoken = connection._socket.version()
                except ssl.SSLError:
                    spoken = None
                self.assertEqual(spoken, wanted)
        with RawConnection(address) as plain:
            plain.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIsNone(plain.answer() if not plain.is_over() else None)

    def test_the_first_administrator_is_made_once(self):
        server = self.start_server()
        self.assertEqual(stat.S_IMODE(server.bootstrap_file.stat().st_mode), 0o600)
        first = server.administrator
        self.assertEqual(set(first), {"endpoint", "user_id", "email", "api_key"})
        self.assertEqual(first["endpoint"], server.url)
        self.assertEqual(server.as_admin("GET", "/users/me", status=200)["role"], "admin")
        server.bootstrap_file.unlink()
        server.restart()
        self.assertFalse(server.bootstrap_file.exists())
        self.assertEqual(server.request("GET", "/users/me", credential=first["api_key"]).status, 200)
        self.assertEqual(server.log.read_text(), "")

    def start_plainly(self, *flags):
        process = subprocess.Popen([PROGRAM, "server", "--listen", "127.0.0.1:0", "--data", self.folder / "plain", *flags],
                                   env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(self._end, process)
        said = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said += process.stdout.read()
        return said, process.communicate(timeout=20)[1]

    def test_its_key_is_said_once_and_stands_nowhere(self):
        said, log = self.start_plainly("--admin-email", "ada@example.org")
        self.assertIn("ada@example.org", said)
        key = KEY.search(said).group()
        self.assertEqual((said.count(key), log), (1, ""))
        again, log = self.start_plainly("--admin-email", "ada@example.org")
        self.assertIsNone(KEY.search(again + log))
        for file in (self.folder / "plain").iterdir():
            self.assertNotIn(key.encode(), file.read_bytes(), file)

    def test_a_key_that_cannot_be_delivered_is_not_made(self):
        (self.folder / "taken").mkdir()
        self.refused("--listen", "127.0.0.1:0", "--bootstrap", self.folder / "taken", status=8)
        server = self.start_server()
        self.assertEqual(server.as_admin("GET", "/users/me", status=200)["role"], "admin")
        self.assertEqual(len(server.as_admin("GET", "/users", status=200)["data"]), 1)

    def test_what_cannot_be_used_is_said(self):
        server = self.start_server()
        taken = self.refused("--listen", server.url.split("//")[1], data=self.folder / "other")
        self.assertIn("cannot listen", taken)
        self.assertIn("cannot create", self.refused("--listen", "127.0.0.1:0", data="/dev/null/data"))
        theirs = self.folder / "theirs"
        theirs.mkdir()
        theirs.chmod(0o777)
        self.assertIn("written by others", self.refused("--listen", "127.0.0.1:0", data=theirs))
        for url in ("ftp://a", "https://a?b", "a b"):
            self.assertIn("--public-url", self.refused("--listen", "127.0.0.1:0", "--public-url", url))
        self.assertNotIn("c4n4ry", self.refused("--listen", "127.0.0.1:0", "--database",
                                                "postgresql://me:c4n4ry@127.0.0.1:9/db?connect_timeout=2", status=8))

    def test_a_store_with_another_key_is_refused(self):
        server = self.start_server()
        server.stop()
        key = server.data / "store.key"
        kept = key.read_bytes()
        key.unlink()
        said = self.refused("--listen", "127.0.0.1:0", data=server.data)
        self.assertIn("its key is not here", said)
        self.assertIn("store.key", said)
        self.assertFalse(key.exists())
        other = self.start_server(data="other")
        other.stop()
        key.write_bytes((other.data / "store.key").read_bytes())
        key.chmod(0o600)
        self.assertIn("under another key", self.refused("--listen", "127.0.0.1:0", data=server.data))
        key.write_bytes(kept)
        server.start()
        self.assertEqual(server.as_admin("GET", "/users/me").status, 200)


class Stopping(ServerCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.key = self.server.administrator["api_key"]

    def connection(self):
        connection = RawConnection(self.server.url)
        self.addCleanup(connection.__exit__)
        return connection

    def request(self, method, path, body=None):
        """The head of a request, and of its body the first byte."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return (f"{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.key}\r\n{length}\r\n"
                + (body[0] if body else ""))

    def open_requests(self):
        """A connection that is idle, one whose client waits for news, and one whose client is still sending."""
        self.server.as_admin("POST", "/runs", {"id": "01JRUN", "agent_id": "a"}, status=201)
        idle, waiting, sending = (self.connection() for _ in range(3))
        idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(idle.answer().status, 200)
        waiting.send(self.request("GET", "/api/v1/runs/01JRUN/events?wait=60000"))
        sending.send(self.request("POST", "/api/v1/secrets/rotate-key", "{}"))
        self.await_connections(4)
        return idle, waiting, sending

    def await_connections(self, count):
        until(lambda: f"runagents_connections {count}\n" in self.server.request("GET", "//metrics").text, "connections")

    def test_what_is_under_way_is_finished(self):
        idle, waiting, sending = self.open_requests()
        self.server.signal(signal.SIGTERM)
        self.assertTrue(idle.is_over())
        self.assertTrue(is_refused(self.server.url))
        told = waiting.answer()
        self.assertEqual((told.status, told.headers["connection"], told.body), (200, "close", b'{"events":[]}'))
        sending.send("}")
        done = sending.answer()
        self.assertEqual((done.status, done.headers["connection"]), (200, "close"), done)
        self.assertEqual(self.server.wait(), 0)
        self.assertEqual(self.server.log.read_text(), "")

    def test_a_second_signal_waits_for_nobody(self):
        _, _, sending = self.open_requests()
        self.server.signal(signal.SIGTERM)
        until(lambda: is_refused(self.server.url), "the end of listening")
        self.server.signal(signal.SIGTERM)
        self.assertTrue(sending.is_over())
        self.assertEqual(self.server.wait(5), 0)

    def test_whoever_does_not_finish_a_handshake_holds_nothing_up(self):
        server = self.start_server(data="tls", tls=True)
        with RawConnection(server.url) as silent:
            silent.send(b"\x16\x03\x01")
            self.assertEqual(exchange(server.url, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
                                      tls=server._tls).status, 200)
            self.assertEqual(server.stop(5), 0)
        self.assertEqual(server.log.read_text(), "")

    def test_what_was_acknowledged_outlives_a_kill(self):
        names = []
        for number in range(5):
            names.append(self.new_user(self.server, f"user{number}@example.org")["email"])
        self.server.kill()
        self.server.start()
        listed = [user["email"] for user in self.server.as_admin("GET", "/users", status=200)["data"]]
        self.assertLessEqual(set(names), set(listed))


class Watching(ServerCase):
    def test_without_its_database_it_is_alive_and_not_ready(self):
        postgres = Postgres()
        self.addCleanup(postgres.stop)
        server = self.start_server("--database", postgres.url(connect_timeout=2))
        ready = lambda: server.request("GET", "//readyz")
        self.assertEqual((ready().status, ready().json), (200, {"status": "ready"}))
        key = server.administrator["api_key"]
        postgres.kill()
        self.assertEqual(server.request("GET", "//healthz").status, 200)
        for answer in (ready(), server.request("GET", "/users/me", credential=key), server.request("GET", "//healthz"),
                       server.token(grant_type="client_credentials", client_id="a", client_secret="b")):
            # Who may be anybody is not told where the database is.
            self.assertNotIn(str(postgres.port), answer.text)
            self.assertNotIn("postgresql", answer.text)
        self.assertEqual(ready().status, 503)
        self.assertEqual(server.request("GET", "/users/me", credential=key).status, 503)
        postgres.start()
        until(lambda: ready().status == 200, "the server to be ready again")
        self.assertEqual(server.request("GET", "/users/me", credential=key).status, 200)
        self.assertNotIn("c4n4ry", server.log.read_text())

    def test_a_full_disk_refuses_what_needs_room_and_loses_nothing(self):
        data = self.folder / "server"
        data.mkdir(mode=0o700)
        server = self.start_server(prefix=self.in_namespace(f"mount -t tmpfs -o size=3m,mode=700 none {data}"))
        key = server.administrator["api_key"]
        kept = []
        for number in range(80):
            answer = server.request("PUT", f"/secrets/s{number}", {"value": "x" * 60_000}, key)
            if answer.status != 200:
                break
            kept.append(f"s{number}")
        self.assertEqual(answer.status, 503, answer.text)
        self.assertIn("full", answer.json["error"])
        self.assertTrue(kept)
        listed = server.request("GET", "/secrets", credential=key)
        self.assertEqual(listed.status, 200)
        self.assertEqual({secret["name"] for secret in listed.json["secrets"]}, set(kept))
        self.assertEqual(server.request("GET", "//readyz").status, 200)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    main()
