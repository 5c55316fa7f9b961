#!/usr/bin/env bash
# What each GPU kernel of a build takes: registers, stack and spills in bytes a thread, shared memory in bytes a block.
#   bench/resources.sh BUILD            the table, worst first; exit status 1 if a kernel spills or has a stack, or ptxas serialises its wgmmas
#   bench/resources.sh --compile LOGS COMPILER ARGUMENTS...   as nvcc's launcher: compiles, and leaves ptxas's report in LOGS
set -euo pipefail

if [ "${1:-}" = --compile ]; then
  logs=$2
  shift 2
  object=
  previous=
  for argument in "$@"; do
    [ "$previous" = -o ] && object=$argument
    previous=$argument
  done
  mkdir -p "$logs"
  report=$logs/$(basename "${object:-none}").txt
  status=0
  "$@" -Xptxas -v 2>"$report" || status=$?
  grep -v -E "^ptxas info|bytes stack frame|^$" "$report" >&2 || true
  exit $status
fi

build=${1:?"usage: bench/resources.sh BUILD"}
compgen -G "$build/kernel_resources/*.txt" >/dev/null || { echo "$build: no report of ptxas: build it where nvcc is found" >&2; exit 1; }
if grep -h 'Potential Performance Loss' "$build"/kernel_resources/*.txt | c++filt >&2; then exit 1; fi
printf '%9s %6s %6s %8s  %s\n' registers stack spills shared kernel
cat "$build"/kernel_resources/*.txt | c++filt | awk '
  /Compiling entry function/ { match($0, /entry<.*> ?\(/); name = substr($0, RSTART + 6, RLENGTH - 8); gsub(/viseme::simt::|viseme::/, "", name); sub(/ ?>?$/, "", name) }
  /bytes stack frame/ { stack = $1; spills = $5 + $9 }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5); shared = 0
    if (match($0, /[0-9]+ bytes smem/)) { shared = substr($0, RSTART, RLENGTH); sub(/ .*/, "", shared) }
    printf "%9d %6d %6d %8d  %s\n", registers, stack, spills, shared, name
  }' | sort -u -k3,3nr -k2,2nr -k1,1nr -k5 | awk '{ print; bad += $2 > 0 || $3 > 0 } END { if (bad) { print bad " kernels have a stack or spill" > "/dev/stderr"; exit 1 } }'
