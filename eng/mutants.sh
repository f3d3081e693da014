#!/usr/bin/env bash
# Called by ./test --mutants [AREA...]: changes the code in one place at a time and runs the area's tests, which should
# fail. Prints each change that they miss, and fails below 85 % of changes noticed. The changes of texts are left out:
# most are messages.
set -euo pipefail
# The lists of files are patterns for Stryker, not for this shell.
set -f
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Each line: area | files below RemoveBg.Core | parts of its tests' full names
table=$root/eng/mutants.txt
names=$(cut -d'|' -f1 "$table" | paste -sd' ')

# Seconds, not two minutes, for tests that wait for something that a change has made impossible.
export REMOVEBG_PATIENCE=20

# Stryker compiles the changes of all files into the program, although it tests only those of the area. They slow down
# loops over pixels so much that recording which test runs which change takes minutes. So it works on a copy of the
# source, where a comment keeps it out of all other files.
copy=$root/artifacts/mutants/source

copy_source() {
  rm -rf "$copy"
  mkdir -p "$copy"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard --deduplicate |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar -c --null -T - -f -) | tar -x -C "$copy" -f -
  ln -s "$root/node_modules" "$copy/node_modules"
}

# keep_out_of_others PATTERN..: writes the comment into each file of RemoveBg.Core that matches no pattern.
keep_out_of_others() {
  local file pattern
  while IFS= read -r file; do
    file=${file#./}
    for pattern in "$@"; do
      # shellcheck disable=SC2254 # It is a pattern.
      case "$file" in $pattern) cp "$root/RemoveBg.Core/$file" "$copy/RemoveBg.Core/$file" && continue 2 ;; esac
    done
    { echo "// Stryker disable all" && cat "$root/RemoveBg.Core/$file"; } >"$copy/RemoveBg.Core/$file"
  done < <(cd "$copy/RemoveBg.Core" && find . -name '*.cs' -not -path '*/obj/*' -not -path '*/bin/*')
}

run() {
  local area=$1 mutate=() filter='' word
  for word in $2; do mutate+=(--mutate "**/$word"); done
  for word in $3; do filter+="${filter:+|}FullyQualifiedName~$word"; done
  echo "Changing $area"
  # shellcheck disable=SC2086 # Words are patterns.
  keep_out_of_others $2
  (cd "$copy/RemoveBg.Tests" && RunAnalyzers=false dotnet stryker --config-file "$copy/eng/stryker.json" \
    --skip-version-check --output "$root/artifacts/mutants/$area" "${mutate[@]}" \
    --test-case-filter "($filter)&TestCategory!=Soak&TestCategory!=Chaos")
}

for area in "$@"; do
  case " $names " in *" $area "*) ;; *) echo "There is no area $area; there are: $names." >&2; exit 1 ;; esac
done
copy_source
(cd "$copy" && dotnet tool restore >/dev/null)
status=0
while IFS='|' read -r area files tests <&3; do
  case " ${*:-$names} " in *" $area "*) run "$area" "$files" "$tests" || status=1 ;; esac
done 3<"$table"
exit "$status"
