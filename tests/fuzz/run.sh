#!/bin/sh
# run.sh TARGET SEEDS CORPUS SECONDS [SEED]: one libFuzzer run. New inputs go to CORPUS; a failing one is written beside it.
# With SEED the same inputs are tried in the same order, as far as the time goes.
set -eu
target=$1 seeds=$2 corpus=$3 seconds=$4 seed=${5:-0}
mkdir -p "$corpus"
set -- "$corpus"
if [ -d "$seeds" ]; then set -- "$corpus" "$seeds"; fi
exec "$target" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$corpus-" "$@"
