"""The server: tokens per second beside npm oidc-provider, and what answers cost as the store grows.

Both servers run on one core, the client on another, in turns; medians are printed, and ratios to oidc-provider. Its tokens are
opaque and it keeps them in memory; ours are signed (ES256) and noted in the audit log on disk before they go out.

The store is filled with rows as the server writes them, in SQLite, and the same requests are made at every size.
"""

import http.client
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

from posting import SERVER_CORE, Posting, on_server_core, options, run

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
SECRET = "bench-secret-bench-secret-bench-secret"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form_of(client, secret):
    return {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}


class Bench:
    def __init__(self, arguments):
        from harness.server import Server  # reads which program is meant
        self.folder = Path(tempfile.mkdtemp(prefix="runagents-bench-"))
        self.arguments = arguments
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        self.prefix = ["taskset", "-c", SERVER_CORE]
        self.posting = Posting(self.folder, arguments)
        self.make = lambda data: Server(self.environment, self.folder / data, prefix=self.prefix)
        self.server = self.make("server").start()

    def close(self):
        self.posting.close()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Tokens per second

    def tokens(self):
        from harness.identity import OpenIdProvider, make_tokens
        keys = make_tokens(keys=[{"kid": "k", "alg": "RS256"}])["private"]
        other = OpenIdProvider([{"client_id": "bench", "client_secret": SECRET, "grant_types": ["client_credentials"],
                                 "redirect_uris": [], "response_types": [],
                                 "token_endpoint_auth_method": "client_secret_post"}],
                               keys)
        on_server_core(other.process.pid)
        try:
            account = self.server.as_admin("POST", "/agent-accounts", {"name": "bench"}, status=201)
            doors = {"runagents": (self.server.url + "/api/v1/oauth/token",
                                   urlencode(form_of(account["client_id"], account["client_secret"])), FORM),
                     "oidc-provider": (other.url + "/token", urlencode(form_of("bench", SECRET)), FORM)}
            medians = self.posting.medians(doors, warm_up=2)
        finally:
            other.close()
        print(f"{'client_credentials':24}{'tokens/s':>10}{'p99 ms':>9}")
        for name, one in medians.items():
            print(f"{name:24}{one['per_second']:>10.0f}{one['p99_ms']:>9.2f}")
        ours, theirs = medians["runagents"], medians["oidc-provider"]
        print(f"{'ratio':24}{ours['per_second'] / theirs['per_second']:>10.2f}{ours['p99_ms'] / theirs['p99_ms']:>9.2f}")
        return medians

    # Growth

    def growth(self):
        print(f"\n{'rows of each table':>20}" + "".join(f"{name:>24}" for name in self.requests_of({}, "")))
        results = {}
        for exponent in range(2, self.arguments.rows + 1):
            server = self.make(f"grown{exponent}").start()
            sample = self.fill(server, 10 ** exponent)
            results[10 ** exponent] = figures = self.costs(server, sample)
            print(f"{10 ** exponent:>20}" + "".join(f"{p50:>15.2f} /{p99:>7.2f}" for p50, p99 in figures.values())
                  + " ms (p50 / p99)", flush=True)
            server.close()
            shutil.rmtree(server.data)
        return results

    def fill(self, server, rows):
        """That many accounts, users, delegations, grants and entries of the log; returns one account as it was made."""
        account = server.as_admin("POST", "/agent-accounts", {"name": "bench"}, status=201)
        user = server.administrator["user_id"]
        server.as_admin("POST", f"/agent-accounts/{account['id']}/delegations", {}, status=201)
        mcp = server.as_admin("POST", "/servers", {"name": "bench", "url": "http://127.0.0.1:9/mcp", "transport": "http",
                                                   "auth_type": "oauth"}, status=201)
        server.stop()
        database = sqlite3.connect(server.data / "runagents.db")
        now = int(time.time() * 1000)
        ids = [str(uuid.uuid4()) for _ in range(rows)]
        insert = lambda table, columns, values: database.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * (columns.count(',') + 1))})", values)
        with database:
            insert("users", "id, email, name, role, group_names, attributes, is_active, created_at, updated_at",
                   ((one, f"{n}@example.org", "", "user", "[]", "{}", 1, now - n, now) for n, one in enumerate(ids)))
            insert("agent_accounts", "id, name, description, client_id, is_active, owner_user_id, created_at, updated_at",
                   ((one, f"account-{n}", "", f"client-{n}", 1, user, now - n, now) for n, one in enumerate(ids)))
            insert("delegations", "id, account_id, user_id, server_ids, created_at",
                   ((one, account["id"], one, "", now - n) for n, one in enumerate(ids)))
            insert("session_grants", "id, account_id, server_id, grantor_user_id, shared, created_at, updated_at",
                   ((one, one, mcp["id"], user, 1, now - n, now) for n, one in enumerate(ids)))
            insert("audit_log", "id, at, action, actor_kind, actor_id, user_id, account_id, server_id, object, outcome, "
                                "request_id, detail",
                   ((one, now - n, "token.issue", "account", account["id"], "", account["id"], "", one, "ok", one, "")
                    for n, one in enumerate(ids)))
        database.close()
        server.start()
        return {**account, "user": user, "token": server.token(
            status=200, **form_of(account["client_id"], account["client_secret"]))["access_token"],
            "key": server.administrator["api_key"]}

    @staticmethod
    def requests_of(sample, key):
        """Each with its credential; the sample is empty when only the names matter."""
        form = form_of(sample.get("client_id"), sample.get("client_secret"))
        behalf = {**form, "actor_token": sample.get("user"), "actor_token_type": "urn:runlayer:token-type:user-id"}
        account = f"/api/v1/agent-accounts/{sample.get('id')}"
        return {"token": ("POST", "/api/v1/oauth/token", form, ""),
                "token on behalf": ("POST", "/api/v1/oauth/token", behalf, ""),
                "authenticated": ("GET", "/api/v1/servers/bench", None, sample.get("token")),
                "100 delegations": ("GET", account + "/delegations?limit=100", None, key),
                "100 accounts": ("GET", "/api/v1/agent-accounts?limit=100", None, key),
                "100 entries": ("GET", "/api/v1/auditlogs?limit=100", None, key)}

    def costs(self, server, sample):
        connection = http.client.HTTPConnection(server.url.split("//")[1])
        costs = {}
        for name, (method, path, form, credential) in self.requests_of(sample, sample["key"]).items():
            headers = {"Authorization": f"Bearer {credential}"} if credential else {}
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            times = []
            for _ in range(self.arguments.samples):
                begin = time.perf_counter()
                connection.request(method, path, urlencode(form) if form else None, headers)
                answer = connection.getresponse()
                text = answer.read()
                times.append((time.perf_counter() - begin) * 1e3)
                if answer.status != 200:
                    raise SystemExit(f"{method} {path}: {answer.status} {text}")
            times.sort()
            costs[name] = (times[len(times) // 2], times[len(times) * 99 // 100])
        connection.close()
        return costs


def main():
    parser = options(__doc__)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--rows", type=int, default=6, help="power of ten of the largest store")
    run(parser.parse_args(), Bench, lambda bench: {"tokens": bench.tokens(), "growth": bench.growth()})


if __name__ == "__main__":
    main()
