using 'main.bicep'

// No location: the group's. No retention, memory or size that equals the template's default.
// azd's environment may be named with capitals and hyphens.
param name = take(toLower(replace(readEnvironmentVariable('AZURE_ENV_NAME', 'removebg'), '-', '')), 12)
// Only when they are to be written: infra/azure.sh sets them for a first deployment.
param webhookSecrets = readEnvironmentVariable('REMOVEBG_WEBHOOK_SECRETS', '')
param budgetStart = readEnvironmentVariable('REMOVEBG_BUDGET_START', '')
param vaultCreateMode = readEnvironmentVariable('REMOVEBG_VAULT_CREATE_MODE', 'default')
// Addresses, separated by commas.
param alertEmails = filter(split(readEnvironmentVariable('REMOVEBG_ALERT_EMAILS', ''), ','), email => !empty(email))
param privateNetwork = bool(readEnvironmentVariable('REMOVEBG_PRIVATE_NETWORK', 'false'))
param instanceMemoryMB = 2048
param maximumInstanceCount = 40
param resultRetentionHours = 24
param corsOrigins = []
param monthlyBudget = 50
