// RemoveBg on Azure: a Flex Consumption app, its storage, and the identity that connects them. No key, no connection string.
targetScope = 'resourceGroup'

@description('Prefix of all names: 3 to 12 lower-case letters and digits.')
@minLength(3)
@maxLength(12)
param name string

param location string = resourceGroup().location

@description('Memory of an instance in MB. One photo of 50 megapixels needs about 800, and 200 for the process.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at a time: the bound on cost.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Hours after which results and inputs are erased.')
@minValue(1)
@maxValue(8760)
param resultRetentionHours int = 24

@description('Webhook secret, whsec_ and 24 to 64 bytes in base64; two, with a blank between, while rotating.')
@secure()
param webhookSecrets string

@description('Model: auto (the best one in the package), cascade, or a name from models/manifest.json.')
param model string = 'auto'

@description('A network of its own: storage by private endpoints, and egress rules against everything but pictures, webhooks and Azure.')
param privateNetwork bool = false

@description('Origins of web pages that may call the API and read results, like https://app.example.com. None: only other servers and the try-it page.')
param corsOrigins array = []

@description('Recipient of alerts and budget mails.')
param alertEmails array = []

@minValue(1)
param monthlyBudget int = 50

@description('First day of the budget\'s first month.')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Days that logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var unique = toLower('${name}${uniqueString(resourceGroup().id)}')

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: name, location: location }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    accountName: take(unique, 24)
    location: location
    principalId: identity.outputs.principalId
    resultRetentionHours: resultRetentionHours
    publicNetworkAccess: !privateNetwork
    corsOrigins: corsOrigins
    deploymentContainer: 'deployments'
  }
}

module secrets 'modules/secrets.bicep' = {
  name: 'secrets'
  params: {
    vaultName: take('kv${unique}', 24)
    location: location
    principalId: identity.outputs.principalId
    webhookSecrets: webhookSecrets
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: { name: name, location: location, storageId: storage.outputs.id }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: name
    location: location
    principalId: identity.outputs.principalId
    alertEmails: alertEmails
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
    retentionInDays: logRetentionDays
  }
}

module functions 'modules/functions.bicep' = {
  name: 'functions'
  params: {
    name: name
    appName: '${unique}-app'
    location: location
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    deploymentUri: storage.outputs.deploymentUri
    subnetId: network.?outputs.appSubnetId ?? ''
    corsOrigins: corsOrigins
    settings: {
      AzureWebJobsStorage__accountName: storage.outputs.name
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
      RemoveBg__Webhook__Secrets: secrets.outputs.webhookSecretsReference
      RemoveBg__Model__Name: model
      RemoveBg__Cors__Origins: join(corsOrigins, ' ')
      RemoveBg__Results__Retention: '${resultRetentionHours / 24}.${padLeft(resultRetentionHours % 24, 2, '0')}:00:00'
      // What the host itself takes stays free.
      RemoveBg__Process__MemoryBudgetMB: string(instanceMemoryMB - 512)
      // The network's memory in large pages: 10 % off a job of 12 megapixels (docs/measurements.md).
      GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1'
      // ONNX Runtime reports usage to its makers otherwise.
      ORT_DISABLE_TELEMETRY: '1'
      // .NET 10 isolated on Flex Consumption: the placeholder process crashes with exit code 139 (azure-functions-dotnet-worker#3335).
      WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED: '0'
    }
  }
}

output url string = functions.outputs.url
output appName string = functions.outputs.name
output storageAccount string = storage.outputs.name
output vaultName string = secrets.outputs.vaultName
