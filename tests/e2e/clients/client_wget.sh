#!/bin/sh
# wget with nothing but a URL; the status is in what it tells about the response, between that and the body.
url=https://api.stripe.com/v1/charges
ask() { wget -nv -S -O - --tries=1 --timeout=30 --content-on-error "$@" 2>&1; }
status() { printf '%s\n' "$1" | sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' | tail -n 1; }
allowed=$(ask "$url?client=wget")
refused=$(ask --method=DELETE "$url/ch_1")
unregistered=$(ask https://unregistered.example/ | tr -d '"\\\n')
code=$(printf %s "$refused" | grep -o '"code": *"[A-Z_]*"' | head -n 1 | cut -d '"' -f 4)
printf '{"client":"wget","allowed":{"body":%s,"status":%s},"refused":{"status":%s,"code":"%s"},"unregistered":"%s"}\n' \
  "$(printf '%s\n' "$allowed" | grep -o '{"object".*}')" "$(status "$allowed")" "$(status "$refused")" "$code" "$unregistered"
