#!/usr/bin/env bash
# Called by ./test --mutants [AREA...]: changes the code in one place at a time and runs the area's tests, which should
# fail. Prints each change that they miss, and fails below 85 % of changes noticed. The changes of texts are left out:
# most are messages.
set -euo pipefail
# The lists of files are patterns for Stryker, not for this shell.
set -f
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Each line: area | files below RemoveBg.Core | parts of its tests' full names | "flow" if the tests cut out photos:
# to record which test runs which change would take minutes in each loop over pixels, so all tests run for each change
table=$root/eng/mutants.txt
names=$(cut -d'|' -f1 "$table" | paste -sd' ')

# Seconds, not two minutes, for tests that wait for something that a change has made impossible.
export REMOVEBG_PATIENCE=20

run() {
  local area=$1 mutate=() filter='' config=$root/eng/stryker.json word
  if [ "$4" = flow ]; then
    config=$root/artifacts/mutants/$area.json
    mkdir -p "${config%/*}"
    sed 's/"perTest"/"off"/' "$root/eng/stryker.json" >"$config"
  fi
  for word in $2; do mutate+=(--mutate "**/$word"); done
  for word in $3; do filter+="${filter:+|}FullyQualifiedName~$word"; done
  echo "Changing $area"
  (cd "$root/RemoveBg.Tests" && RunAnalyzers=false dotnet stryker --config-file "$config" \
    --skip-version-check --output "$root/artifacts/mutants/$area" "${mutate[@]}" \
    --test-case-filter "($filter)&TestCategory!=Soak&TestCategory!=Chaos")
}

for area in "$@"; do
  case " $names " in *" $area "*) ;; *) echo "There is no area $area; there are: $names." >&2; exit 1 ;; esac
done
(cd "$root" && dotnet tool restore >/dev/null)
status=0
while IFS='|' read -r area files tests kind <&3; do
  case " ${*:-$names} " in *" $area "*) run "$area" "$files" "$tests" "$kind" || status=1 ;; esac
done 3<"$table"
exit "$status"
