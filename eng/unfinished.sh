#!/usr/bin/env bash
# eng/unfinished.sh RESULTS   the tests that had begun and not ended when a run hung or crashed, by the reports of
#                             dotnet test's --blame-hang
set -euo pipefail
for report in "$1"/*/Sequence_*.xml; do
  [ -f "$report" ] || continue
  sed -n 's/.*<Test Name="\([^"]*\)".*Completed="False".*/\1/p' "$report"
done | sed 's/&quot;/"/g; s/&apos;/'"'"'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' | sort -u
