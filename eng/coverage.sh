#!/usr/bin/env bash
# eng/coverage.sh COBERTURA.xml   lines that ran in the tests, by folder; those that never ran, with file and line
# Only what runs in the tests' own process counts: the published worker and other processes are not measured.
set -euo pipefail
awk '
  match($0, /filename="[^"]*"/) { file = substr($0, RSTART + 10, RLENGTH - 11); sub(/^.*\/_\//, "", file) }
  match($0, /<line number="[0-9]+" hits="[0-9]+"/) {
    split(substr($0, RSTART, RLENGTH), part, "\"")
    line = file ":" part[2]
    if (file ~ /\/obj\// || file ~ /^RemoveBg\.(Tests|Bench)/) next
    if (!(line in hits)) order[++count] = line
    hits[line] += part[4]
  }
  END {
    for (i = 1; i <= count; i++) {
      split(order[i], at, ":"); folder = at[1]; sub(/\/[^\/]*$/, "", folder)
      all[folder]++; if (hits[order[i]] > 0) ran[folder]++
      total++; if (hits[order[i]] > 0) done++
    }
    for (folder in all) printf "%6.1f %%  %5d of %5d  %s\n", 100 * ran[folder] / all[folder], ran[folder],
      all[folder], folder | "sort -k6"
    close("sort -k6")
    printf "%6.1f %%  %5d of %5d  all\n", 100 * done / total, done, total
    print "Lines that never ran:" > missed
    for (i = 1; i <= count; i++) if (hits[order[i]] == 0) print order[i] > missed
    print "Lines that never ran are in " missed
  }
' missed="$(dirname "$(dirname "$1")")/never-ran.txt" "$1"
