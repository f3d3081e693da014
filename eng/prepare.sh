# Sourced by ./run, ./test and ./bench with $root set. Says in one line what is missing and how to get it.

# Large pages for the model's working memory save 100 ms at 12 megapixels (docs/measurements.md). Read by glibc only.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"

fail() { echo "$*" >&2; exit 1; }

require_dotnet() {
  command -v dotnet >/dev/null || fail ".NET SDK 10 is not on PATH: install it from https://dot.net and try again."
  (cd "$root" && dotnet --version >/dev/null 2>&1) && return
  fail "The .NET SDK 10 is required (global.json); installed: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

# Fails unless Node is installed and new enough for Azurite and the test tools.
require_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Node.js is not on PATH: install Node 22 or later (https://nodejs.org), or set AzureWebJobsStorage to a" \
      "connection string."
  # Azurite asks for 22. It runs on 20, too, and the tests pass there; older versions cannot load it.
  local version
  version=$(node --version)
  [ "$(cut -d. -f1 <<<"${version#v}")" -ge 20 ] ||
    fail "Node.js $version is too old for Azurite: install Node 22 or later (https://nodejs.org)."
}

# Installs Azurite.
require_azurite() {
  require_node
  install_packages "$root" "the storage emulator and the test tools"
}

# Only ./test needs them: 127 MB that ./run leaves out.
require_openapi_tools() { install_packages "$root/eng/openapi" "the linters and the client generator of openapi.json"; }

# Only ./test needs it, to read the queries of infra/.
require_kusto_parser() { install_packages "$root/eng/kusto" "the parser of the alerts' queries"; }

# Only ./test needs them.
require_kubernetes_types() { install_packages "$root/eng/kubernetes" "the types of Kubernetes' and KEDA's objects"; }

# install_packages FOLDER WHAT: what package-lock.json has locked, and again only after that file has changed.
install_packages() {
  local log=$1/node_modules.log
  cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return
  echo "Installing $2 (npm ci)"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1) ||
    { tail -n 5 "$log" >&2; fail "npm ci failed; see $log."; }
  rm -f "$log"
  cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

# The page tests need a real browser. As root on Debian, chromium-headless-shell is installed, with which they take half
# the time of chromium; elsewhere any browser will do, and without one they say why they skip.
offer_browser() {
  local shell=chromium-headless-shell name
  if ! command -v $shell >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $shell (apt-get) for the page tests"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $shell; } \
      >/dev/null 2>&1 || true
  fi
  for name in $shell chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return
  done
  echo "*** No chromium or google-chrome on PATH: the page tests will skip (Debian, Ubuntu: apt install chromium). ***"
}

# build PROJECT [OPTIONS]: Release, silent unless it fails. Leaves no build server running, which would keep our output
# open. A compiler that runs once is not worth instrumenting: without that, a build takes a quarter less.
build() {
  local log
  log=$(cd "$root" &&
    DOTNET_TieredPGO=0 dotnet build "$1" -c Release -nologo -v minimal -nodeReuse:false \
      -p:UseSharedCompilation=false "${@:2}" 2>&1) ||
    { echo "$log" >&2; fail "The build failed."; }
}

# Lists the files that go into RemoveBg.SelfHost. Some of them need not exist.
tool_sources() {
  (cd "$root" && { find -L RemoveBg.Client RemoveBg.Core RemoveBg.Decoder RemoveBg.Functions RemoveBg.SelfHost \
    eng/Package models samples/scene-toycar.jpg samples/scene-mug.jpg samples/scene-glass.jpg host.json \
    local.settings.json global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig \
    \( -name bin -o -name obj \) -prune -o -type f "$@" -print 2>/dev/null || true; } | sort)
}

# build_changed PROJECT: builds, and says so, unless no file that goes into it was added, changed or removed since.
build_changed() {
  local list="$root/.local/built-$1" dll="$root/$1/bin/Release/net10.0/$1.dll"
  if [ -f "$dll" ] && [ -f "$list" ] && [ -z "$(tool_sources -newer "$list")" ] &&
    [ "$(tool_sources)" = "$(cat "$list")" ]; then
    command -v dotnet >/dev/null || require_dotnet
    return
  fi
  require_dotnet
  echo "Building removebg: the first time, and after a change of the source" >&2
  mkdir -p "$root/.local"
  # Written before the build, so that a change during it is noticed.
  tool_sources >"$list.new"
  # Without analysers, which ./test runs: a first start takes a fifth to a third less.
  build "$1" -p:RunAnalyzers=false
  mv "$list.new" "$list"
}
