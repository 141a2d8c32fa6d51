#!/usr/bin/env bash
# Prints the median and the 90th percentile length of the Rust files under version control.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.rs' | xargs -r wc -l | awk '$2 != "total" { print $1 " " $2 }' | sort -n | awk '
  { lines[NR] = $1; name[NR] = $2 }
  END {
    if (NR == 0) { print "no Rust files"; exit 1 }
    median = int((NR + 1) / 2); p90 = int((NR * 9 + 9) / 10)
    printf "%d Rust files: median %d lines, 90th percentile %d, longest %d (%s)\n", NR, lines[median], lines[p90], lines[NR], name[NR]
  }'
