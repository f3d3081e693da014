#!/usr/bin/env bash
# infra/azure.sh up GROUP [LOCATION]   deploys everything with the Azure CLI; again, it upgrades
# infra/azure.sh STEP                  one step, for the hooks of azd (azure.yaml) and the workflow:
#   prepare      finds what the deployment must be given: the budget's start, a deleted vault of this group
#   provisioned  webhook secret, vault references, and a first package, so that azd's own publishing meets no 403
#   publish      publishes REMOVEBG_PACKAGE, else a new app.zip of this source
#   ready        waits for /readyz
#   try          makes the first API key, runs one artwork, prints a curl line
# Each step may be repeated. It reads AZURE_RESOURCE_GROUP and the template's outputs (environment, else deployment
# "main"). Identities are new when a group is: until their roles hold everywhere, Azure answers 403 for some minutes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
arm=https://management.azure.com
tries=${REMOVEBG_TRIES:-60}
pause=${REMOVEBG_PAUSE:-10}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

fail() { echo "$*" >&2; exit 1; }

group() { echo "${AZURE_RESOURCE_GROUP:?set AZURE_RESOURCE_GROUP to the name of the resource group}"; }

# resource_id PROVIDER/TYPE/NAME...: the resource's id.
resource_id() {
  local subscription=${AZURE_SUBSCRIPTION_ID:-}
  [ -n "$subscription" ] || subscription=$(az account show --query id --output tsv)
  echo "/subscriptions/$subscription/resourceGroups/$(group)/providers/$1"
}

# output NAME: one of the template's outputs. azd passes them as variables, so no function may have one of these names.
output() {
  local value=${!1:-}
  [ -n "$value" ] || value=$(az deployment group show --resource-group "$(group)" --name main \
    --query "properties.outputs.$1.value" --output tsv)
  [ -n "$value" ] || fail "The deployment has no output $1: deploy infra/main.bicep first."
  # az prints True or true, as its version goes.
  [ "$value" != True ] || value=true
  echo "$value"
}

# again WHAT COMMAND...: runs the command until it succeeds. Gives up at once on an answer other than "not allowed".
again() {
  local what=$1 try
  shift
  for ((try = 1; try <= tries; try++)); do
    "$@" 2>"$said" && return
    grep -qiE '\b403\b|forbidden|refuses access|Authorization(Failed|PermissionMismatch)|not authorized' "$said" ||
      { cat "$said" >&2; fail "$what failed."; }
    echo "$what: not allowed yet, roles take some minutes to hold ($try of $tries)" >&2
    sleep "$pause"
  done
  cat "$said" >&2
  fail "$what is still not allowed. Check the role assignments of the group."
}

# keep NAME VALUE: for the parameter file, in this process and in azd's environment.
keep() {
  export "$1=$2"
  [ -z "${AZURE_ENV_NAME:-}" ] || azd env set "$1" "$2"
}

# before QUERY: of the parameters that the last deployment "main" was given; nothing if there was none.
before() {
  az deployment group show --resource-group "$(group)" --name main --query "properties.parameters.$1" --output tsv \
    2>"$said" && return
  grep -qiE 'not ?found|could not be found' "$said" || { cat "$said" >&2; fail "The last deployment cannot be read."; }
}

prepare() {
  local name start deleted network emails mode=default
  # Without a group nothing exists yet.
  if [ -n "${AZURE_RESOURCE_GROUP:-}" ] && [ "$(az group exists --name "$(group)")" = true ]; then
    name=$(tr '[:upper:]' '[:lower:]' <<<"${AZURE_ENV_NAME:-removebg}" | tr -d - | cut -c1-12)
    start=$(az rest --method get --url "$arm$(resource_id Microsoft.Consumption/budgets)?api-version=2023-11-01" \
      --query "value[?name=='$name-budget'].properties.timePeriod.startDate | [0]" --output tsv)
    [[ $start =~ ^[0-9]{4}- ]] && start=${start:0:10} || start=
    # azd keeps these in its environment. Otherwise a deployment without them would open the network, and drop alerts.
    if [ -z "${AZURE_ENV_NAME:-}" ]; then
      network=${REMOVEBG_PRIVATE_NETWORK:-$(before privateNetwork.value | tr '[:upper:]' '[:lower:]')}
      [ -z "$network" ] || export REMOVEBG_PRIVATE_NETWORK=$network
      emails=${REMOVEBG_ALERT_EMAILS:-$(before 'alertEmails.value[]' | paste -sd, -)}
      export REMOVEBG_ALERT_EMAILS=$emails
    fi
  fi
  # A budget keeps the start that it was created with; Azure accepts no other one, and for a new one no past month.
  keep REMOVEBG_BUDGET_START "${start:-$(date -u +%Y-%m-01)}"

  # A deleted vault keeps its name for seven days, and names depend on the group alone.
  if [ -n "${AZURE_RESOURCE_GROUP:-}" ]; then
    deleted=$(az keyvault list-deleted --resource-type vault --output tsv \
      --query "[?contains(properties.vaultId, '/resourceGroups/$(group)/')].name" 2>"$said") ||
      echo "Deleted vaults cannot be listed; if one has this group's name, the deployment fails: $(cat "$said")" >&2
    [ -z "$deleted" ] || mode=recover
  fi
  keep REMOVEBG_VAULT_CREATE_MODE "$mode"
}

# Writes a secret only where the vault has none: rotated ones stay. By Azure Resource Manager, which needs no role on
# the vault and also reaches a private one. By a file, because other users see a command's arguments.
secret() {
  local address body
  address=$arm$(resource_id "Microsoft.KeyVault/vaults/$(output vaultName)/secrets/webhook-secrets")
  address+="?api-version=2023-07-01"
  if az rest --method get --url "$address" --output none 2>"$said"; then
    echo "The vault has a webhook secret; it stays."
    return
  fi
  grep -qiE '\b404\b|not ?found' "$said" || { cat "$said" >&2; fail "The vault cannot be read."; }
  body=$(mktemp)
  printf '{"properties": {"value": "whsec_%s"}}' "$(openssl rand -base64 32)" >"$body"
  again "Writing the webhook secret" az rest --method put --url "$address" --body "@$body" --output none
  rm -f "$body"
  echo "Wrote a new webhook secret to the vault."
}

# An unresolved reference reaches the app as text, and its startup fails; the platform would keep that for a day.
references() {
  local address try states
  address="$arm$(resource_id "Microsoft.Web/sites/$(output appName)/config/configreferences/appsettings")"
  for ((try = 1; try <= tries; try++)); do
    again "Refreshing the vault references" \
      az rest --method post --url "$address/refresh?api-version=2022-03-01" --output none
    states=$(again "Reading the vault references" az rest --method get --url "$address?api-version=2022-03-01" \
      --query "value[].[name, properties.status]" --output tsv)
    if [ -n "$states" ] && ! grep -vq 'Resolved$' <<<"$states"; then
      echo "Every vault reference is resolved."
      return
    fi
    echo "Vault references: $(tr '\n\t' ', ' <<<"$states")waiting ($try of $tries)" >&2
    sleep "$pause"
  done
  fail "The app cannot read the vault. Check its identity's role Key Vault Secrets User."
}

publish() {
  local package=${REMOVEBG_PACKAGE:-$root/app.zip}
  [ -n "${REMOVEBG_PACKAGE:-}" ] ||
    dotnet publish "$root/RemoveBg.Functions" -c Release -o "$root/publish" -p:PackageFile="$package"
  again "Publishing" az functionapp deployment source config-zip --resource-group "$(group)" \
    --name "$(output appName)" --src "$package" --output none
  echo "Published $package."
}

provisioned() {
  secret
  references
  # Only in front of azd's first publishing, which would not try again.
  curl --silent --fail --max-time 30 --output /dev/null "$(output url)/healthz" || publish
}

ready() {
  local address try
  address=$(output url)
  for ((try = 1; try <= tries; try++)); do
    curl --silent --show-error --fail-with-body --max-time 30 "$address/readyz" >"$said" 2>&1 &&
      { echo "$address is ready."; return; }
    echo "$address is not ready yet ($try of $tries)" >&2
    sleep "$pause"
  done
  cat "$said" >&2
  fail "$address/readyz does not return 200; see docs/deploy.md."
}

first_key() {
  local account
  account=$(output storageAccount)
  az role assignment create --role "Storage Table Data Contributor" --output none \
    --assignee-object-id "$(az ad signed-in-user show --query id --output tsv)" --assignee-principal-type User \
    --scope "$(resource_id "Microsoft.Storage/storageAccounts/$account")"
  export AzureWebJobsStorage__accountName=$account
  again "Reading the API keys" "$root/run" keys list --no-azurite >"$said.keys"
  if grep -qw first "$said.keys"; then
    rm -f "$said.keys"
    echo "The key 'first' exists: export REMOVEBG_KEY with its value to try it, or add another one." >&2
    return
  fi
  rm -f "$said.keys"
  again "Adding an API key" "$root/run" keys add first --no-azurite | grep -o 'rbg_[^ ]*' | head -n 1
}

# field NAME: the first string of that name in JSON from standard input.
field() { grep -oE "\"$1\": ?\"[^\"]*\"" | head -n 1 | sed -E 's/^[^:]*: ?"(.*)"$/\1/'; }

try() {
  local address key artwork try photo=$root/samples/scene-mug.jpg
  address=$(output url)
  key=${REMOVEBG_KEY:-}
  if [ -z "$key" ] && [ "$(output isPrivate)" = true ]; then
    echo "Storage is private: add the first key from inside its network (docs/deploy.md), and export REMOVEBG_KEY."
    return
  fi
  if [ -z "$key" ] && [ "$(az account show --query user.type --output tsv)" != user ]; then
    echo "No user is signed in: export REMOVEBG_KEY to run an artwork."
    return
  fi
  if [ -z "$key" ]; then
    key=$(first_key)
    [ -n "$key" ] || return 0
    echo "API key, shown only now: $key"
  fi
  artwork=$(curl --silent --show-error --fail-with-body --max-time 120 "$address/v2/artworks/remove-background" \
    -H "Authorization: Bearer $key" -H 'Prefer: wait=60' -F "image=@$photo") || fail "$artwork"
  for ((try = 1; try <= tries; try++)); do
    case $(field status <<<"$artwork") in
      succeeded) break ;;
      failed | canceled) fail "The artwork did not succeed: $artwork" ;;
    esac
    sleep "$pause"
    artwork=$(curl --silent --show-error --fail-with-body --max-time 30 -H "Authorization: Bearer $key" \
      "$address/v2/artworks/$(field id <<<"$artwork")") || fail "$artwork"
  done
  [ "$(field status <<<"$artwork")" = succeeded ] || fail "The artwork is not finished: $artwork"
  # The way of every caller: the URL alone, without the key.
  curl --silent --show-error --fail --max-time 120 --output /dev/null \
    "$(grep -oE '"results": ?\["[^"]+"' <<<"$artwork" | sed -E 's/^[^[]*\["//; s/"$//')" ||
    fail "The result cannot be downloaded: $artwork"
  echo "One artwork was cut out and its result downloaded. Yours:"
  echo "  curl $address/v2/artworks/remove-background -H \"Authorization: Bearer \$REMOVEBG_KEY\" \\"
  echo "    -H 'Prefer: wait=60' -F image=@photo.jpg"
}

up() {
  export AZURE_RESOURCE_GROUP=${1:?infra/azure.sh up GROUP [LOCATION]}
  if [ "$(az group exists --name "$1")" != true ]; then
    az group create --name "$1" --location "${2:?A new group needs a location: infra/azure.sh up GROUP LOCATION}" \
      --output none
  fi
  prepare
  az deployment group create --resource-group "$1" --name main --parameters "$root/infra/main.bicepparam" --output none
  secret
  references
  publish
  ready
  try
}

# azd and az each have a selected subscription.
same_subscription() {
  [ -z "${AZURE_SUBSCRIPTION_ID:-}" ] ||
    [ "$(az account show --query id --output tsv)" = "$AZURE_SUBSCRIPTION_ID" ] ||
    fail "az has another subscription selected: az account set --subscription $AZURE_SUBSCRIPTION_ID"
}

case ${1:-} in
  prepare | provisioned | publish | ready | try | up) same_subscription; "$@" ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
