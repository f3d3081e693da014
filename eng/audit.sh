#!/usr/bin/env bash
# Fails on known vulnerabilities of high severity in what npm installs. NuGet's audit is part of restore
# (Directory.Build.props). Where the registry has no advisories or does not answer, a line says that vulnerabilities
# stay unknown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for folder in . RemoveBg.Bench/Peer eng/kubernetes eng/kusto eng/openapi; do
  status=0
  report=$(cd "$folder" && npm audit --package-lock-only --json --audit-level=high --fetch-retries=0 \
    --fetch-timeout=20000 2>/dev/null) || status=$?
  if ! grep -q '"auditReportVersion"' <<<"$report"; then
    echo "npm audit: the registry cannot tell of vulnerabilities ($folder)"
  elif [ "$status" != 0 ]; then
    echo "$report"
    echo "npm audit: known vulnerabilities in $folder/package-lock.json; see above" >&2
    exit 1
  else
    echo "npm audit: no known vulnerability of high severity ($folder)"
  fi
done
