#!/usr/bin/python3
"""Stands for Claude Code, Codex and the MCP Inspector, as far as the README has to do with them: they find their address and key where
those do, make one call, and print what came of it. Which of them it is, its name says."""

import json
import os
import sys
import urllib.request
from pathlib import Path


def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def tools_of(url):
    headers = {"Accept": "application/json, text/event-stream"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
               "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "stand-in", "version": "1"}}}
    request = urllib.request.Request(url, json.dumps(message).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request) as answer:
        if session := answer.headers["Mcp-Session-Id"]:
            headers["Mcp-Session-Id"] = session
    listed = post(url, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, **headers)
    return [tool["name"] for tool in listed["result"]["tools"]]


def value_after(flag):
    return sys.argv[sys.argv.index(flag) + 1]


def claude():
    if "--mcp-config" in sys.argv:
        for name, server in json.loads(value_after("--mcp-config"))["mcpServers"].items():
            print(name, tools_of(server["url"]))
    body = {"model": os.environ.get("ANTHROPIC_MODEL", "claude-sonnet-4-5"), "max_tokens": 100,
            "messages": [{"role": "user", "content": value_after("-p")}]}
    answer = post(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", body,
                  **{"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"})
    print(answer["content"][0]["text"])


def codex():
    settings = dict(word.split("=", 1) for flag, word in zip(sys.argv, sys.argv[1:]) if flag == "-c")
    provider = "model_providers." + settings["model_provider"] + "."
    assert settings[provider + "wire_api"] == "responses"
    key = os.environ[settings[provider + "env_key"]]
    answer = post(settings[provider + "base_url"] + "/responses", {"model": value_after("-m"), "input": sys.argv[-1]},
                  Authorization=f"Bearer {key}")
    print(answer["output"][0]["content"][0]["text"])


def mcp_inspector():
    assert (value_after("--transport"), value_after("--method")) == ("http", "tools/list")
    print(tools_of(value_after("--cli")))


{"claude": claude, "codex": codex, "mcp-inspector": mcp_inspector}[Path(sys.argv[0]).name]()
