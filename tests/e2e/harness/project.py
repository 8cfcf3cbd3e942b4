"""Project files made of Python values."""

import json


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    # A TOML basic string and a JSON string agree on everything that is used here.
    return json.dumps(str(value), ensure_ascii=True)


def allow_all(tool=None):
    rule = {"permission": "allow"}
    if tool:
        rule["tool"] = tool
    return {"all": {"rules": [rule]}}


def project_text(tools, policies=None, agent=None, **tables):
    """The text of a runagents.toml: `tools` and `policies` by name; `policies` defaults to allowing everything."""
    policies = allow_all() if policies is None else policies
    agent = {"name": "test-agent", "command": ["true"], **(agent or {})}
    lines = ["[agent]"] + [f"{key} = {_value(value)}" for key, value in agent.items()]
    for name, tool in tools.items():
        lines += ["", f"[tools.{name}]"] + [f"{key} = {_value(value)}" for key, value in tool.items()]
    for name, policy in policies.items():
        lines += ["", f"[policies.{name}]"] + [f"{key} = {_value(value)}" for key, value in policy.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]"] + [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
