using 'main.bicep'

param name = readEnvironmentVariable('AZURE_ENV_NAME', 'removebg')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param webhookSecrets = readEnvironmentVariable('REMOVEBG_WEBHOOK_SECRETS', '')
param instanceMemoryMB = 2048
param maximumInstanceCount = 40
param resultRetentionHours = 24
param alertEmails = []
param corsOrigins = []
param monthlyBudget = 50
