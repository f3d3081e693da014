# Shared by ./run, ./test and ./bench: sourced with $root set. Says in one line what is missing, and what to do about it.

# The network's working memory in large pages: a job of 12 megapixels takes 100 ms less (docs/measurements.md). Read by glibc, ignored elsewhere.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"

fail() { echo "$*" >&2; exit 1; }

require_dotnet() {
  command -v dotnet >/dev/null || fail ".NET SDK 10 is not on PATH: install it from https://dot.net, then try again."
  (cd "$root" && dotnet --version >/dev/null 2>&1) || fail "This needs the .NET SDK 10 (global.json); 'dotnet --list-sdks' shows: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

# Azurite, exactly as package-lock.json has it; again only when that has changed.
require_azurite() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Node.js is not on PATH: install Node 20 or later (https://nodejs.org), or set AzureWebJobsStorage to a storage connection string."
  cmp -s "$root/package-lock.json" "$root/node_modules/.installed-lock" && return
  echo "Installing the storage emulator, and what the tests use (npm ci)"
  (cd "$root" && npm ci --ignore-scripts --no-audit --no-fund >"$root/node_modules.log" 2>&1) ||
    { tail -n 5 "$root/node_modules.log" >&2; fail "npm ci failed (node_modules.log has all of it)."; }
  rm -f "$root/node_modules.log"
  cp "$root/package-lock.json" "$root/node_modules/.installed-lock"
}

# The pages are tested in a real browser. Debian's is installed where that can be done without asking; elsewhere those tests say that they skip.
offer_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v "$name" >/dev/null && return; done
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing chromium (apt-get), for the tests of the pages"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium; } >/dev/null 2>&1 && return
  fi
  echo "*** No chromium or google-chrome on PATH: the tests of the pages will be skipped (Debian, Ubuntu: apt install chromium). ***"
}

# build PROJECT: Release, silent unless it fails. No build servers stay behind to hold our output open.
build() {
  local log
  log=$(cd "$root" && dotnet build "$1" -c Release -nologo -v minimal -nodeReuse:false -p:UseSharedCompilation=false 2>&1) || { echo "$log" >&2; fail "The build failed."; }
}
