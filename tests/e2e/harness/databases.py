"""Servers that the tests of a class share, on SQLite and on PostgreSQL."""

import os
import shutil
import sqlite3
import sys
import tempfile
import unittest
from pathlib import Path

from .postgres import Postgres
from .server import Server, ServerCase


class Databases:
    """The PostgreSQL of a test file: started when the first class asks for it, ended after the last one."""

    def __init__(self):
        self._server = None
        self._made = 0

    def create(self):
        """The URL of a database that nobody has used."""
        if self._server is None:
            self._server = Postgres()
            unittest.addModuleCleanup(self._end)
        self._made += 1
        return self._server.create(f"case_{self._made}")

    def execute(self, statement, url):
        return self._server.execute(statement, url.rpartition("/")[2])

    def _end(self):
        self._server.stop()
        self._server = None


databases = Databases()


class SharedServerCase(ServerCase):
    """Every test of the class asks the same server, so names of things are a test's own: see `name`."""

    on_postgresql = False
    flags = ()
    _names = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        home = Path(tempfile.mkdtemp(prefix="runagents-e2e-"))
        cls.addClassCleanup(shutil.rmtree, home, ignore_errors=True)
        cls.database = databases.create() if cls.on_postgresql else None
        cls.server = cls.start_replica(home / "server")

    @classmethod
    def start_replica(cls, data):
        flags = ("--database", cls.database) if cls.database else ()
        environment = {"PATH": os.environ["PATH"], "HOME": str(data.parent), "TZ": "UTC"}
        server = Server(environment, data, (*cls.flags, *flags))
        cls.addClassCleanup(server.close)
        return server.start()

    def in_store(self, statement):
        """Changes what is stored, behind the server's back: what happens by itself only after a while."""
        if self.database:
            return databases.execute(statement, self.database)
        connection = sqlite3.connect(self.server.data / "runagents.db", timeout=20)
        with connection:
            connection.execute(statement)
        return connection.close()

    @staticmethod
    def name(stem="thing"):
        """A name that no other test has."""
        SharedServerCase._names += 1
        return f"{stem}-{SharedServerCase._names}"

    def user(self, stem="user", **more):
        return self.new_user(self.server, self.name(stem) + "@example.org", **more)

    def account(self, stem="bot"):
        return self.new_account(self.server, self.name(stem))

    def asked(self, status, method, path, body=None, by=None, **options):
        """The object of the answer, whose status is checked. `by`: a user, a key or token; the administrator if None."""
        credential = by["api_key"] if isinstance(by, dict) else by
        answer = self.server.request(method, path, body, credential or self.server.administrator["api_key"], **options)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.text}")
        return answer.json


def on_both_databases(case):
    """The class tests SQLite; a class beside it tests the same on PostgreSQL."""
    other = type(case.__name__ + "OnPostgresql", (case,), {"on_postgresql": True, "__module__": case.__module__})
    setattr(sys.modules[case.__module__], other.__name__, other)
    return case
