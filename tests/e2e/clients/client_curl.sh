#!/bin/sh
# curl with nothing but a URL. Bodies are JSON already, and so are put into the line as they come.
url=https://api.stripe.com/v1/charges
allowed=$(curl -sS -m 30 -w ',"status":%{http_code}}' "$url?client=curl")
refused=$(curl -sS -m 30 -w '\n%{http_code}' -X DELETE "$url/ch_1")
unregistered=$(curl -sS -m 30 https://unregistered.example/ 2>&1 | tr -d '"\\\n')
code=$(printf %s "$refused" | grep -o '"code": *"[A-Z_]*"' | head -n 1 | cut -d '"' -f 4)
printf '{"client":"curl","allowed":{"body":%s,"refused":{"status":%s,"code":"%s"},"unregistered":"%s"}\n' \
  "$allowed" "$(printf %s "$refused" | tail -n 1)" "$code" "$unregistered"
