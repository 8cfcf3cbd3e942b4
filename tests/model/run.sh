#!/bin/sh
# run.sh FOLDER COMPILER [CALLS]: takes the model of approvals through all its states, for each scope, and then with each
# mistake, which has to be found. Prints how many states there were.
set -eu
model=$(dirname "$(readlink -f "$0")")/approval.pml
mkdir -p "$1"
cd "$1"
compiler=$2
calls=${3:-2}

# search SCOPE MUTANT: 0 when nothing is violated; sets `states`
search() {
  spin -a -DCALLS="$calls" -DSCOPE="$1" -DMUTANT="$2" "$model" >spin.log || { cat spin.log >&2; exit 1; }
  "$compiler" -w -O1 -DSAFETY -o pan pan.c
  ./pan -E -m100000 -n >pan.log 2>&1 || { cat pan.log >&2; exit 1; }
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
  grep -q 'errors: 0' pan.log
}

for scope in 0 1 2; do
  if ! search $scope 0; then
    cat pan.log >&2
    echo "scope $scope: the model is violated; spin -t -p shows how" >&2
    exit 1
  fi
  echo "scope $scope: $states states, nothing violated"
done
for mutant in 1 2 3 4; do
  if search 0 $mutant; then
    echo "mistake $mutant is not found by the model" >&2
    exit 1
  fi
  echo "mistake $mutant: found"
done
