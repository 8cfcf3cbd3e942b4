#!/bin/sh
# Looks at a status page, publishes a line, and shows how a script tells a refusal from a failure. Needs curl.
#
#     runagents run
set -eu

page=$TOOL_STATUS_URL
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

curl --silent --show-error --fail "$page/anything" >/dev/null
echo "read: the page is there"

curl --silent --show-error --fail --header 'Content-Type: application/json' \
  --data "{\"message\": \"all systems go, says $AGENT_NAME\"}" "$page/echo" >/dev/null
echo "publish: done"

# Answers that runagents itself makes carry Proxy-Status; the tool's own do not.
status=$(curl --silent --output /dev/null --dump-header "$headers" --write-out '%{http_code}' --request DELETE "$page/anything")
if grep --quiet --ignore-case '^proxy-status: runagents' "$headers"; then
  echo "delete: refused by runagents with $status"
else
  echo "delete: answered by the tool with $status"
  exit 1
fi
