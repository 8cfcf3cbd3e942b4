"""Commands that speak to a server."""

from .server import ServerCase


class Remote(ServerCase):
    """One server, and an administrator's key in the environment of commands."""

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.act_as(self.server.administrator["api_key"])

    def act_as(self, key, server=None):
        self.environment.update(RUNAGENTS_ENDPOINT=(server or self.server).url, RUNAGENTS_API_KEY=key)

    def user_key(self, email, **more):
        return {"RUNAGENTS_API_KEY": self.new_user(self.server, email, **more)["api_key"]}

    def oauth_server(self, name="slack"):
        return self.cli_json("servers", "create", name, "--url", "http://127.0.0.1:9/mcp", "--auth", "oauth",
                             "--scope", "chat:write")

    def connect(self, name="slack", env=None):
        return self.cli_json("servers", "session", "set", name, "--token", "-", input="upstream-token", env=env)
