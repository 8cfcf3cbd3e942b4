#!/bin/sh
# run.sh TARGET SEEDS CORPUS SECONDS: one libFuzzer run. New inputs go to CORPUS; a failing one is written beside it.
set -eu
target=$1 seeds=$2 corpus=$3 seconds=$4
mkdir -p "$corpus"
set -- "$corpus"
if [ -d "$seeds" ]; then set -- "$corpus" "$seeds"; fi
exec "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$corpus-" "$@"
