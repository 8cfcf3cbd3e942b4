#!/bin/sh
# An agent with one tool and a model. Of both it knows where they are, and no key. Needs curl.
set -eu

# A refusal is an answer like any other: JSON with a code and a hint, and its status.
call() {
  curl --silent --show-error --write-out ' %{http_code}\n' --header 'Content-Type: application/json' "$@"
}

printf 'POST /echo: '
call --data "{\"message\": \"hello from $AGENT_NAME\"}" "$TOOL_ECHO_URL/echo"

printf 'DELETE /anything: '
call --request DELETE "$TOOL_ECHO_URL/anything"

printf 'model: '
call --data "{\"model\": \"$LLM_MODEL\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}" \
  "$LLM_GATEWAY_URL/chat/completions"
