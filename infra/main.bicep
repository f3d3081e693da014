// RemoveBg on Azure: a Flex Consumption app, its storage, and the identity that connects them. No key, no connection string.
targetScope = 'resourceGroup'

// Deployed again with nothing given, the template writes neither secret nor budget, and every name stays: names come
// from the group and `name` alone.

@description('Prefix of all names: 3 to 12 lower-case letters and digits.')
@minLength(3)
@maxLength(12)
param name string

@description('Region of all resources: the group\'s, unless given.')
param location string = resourceGroup().location

@description('Memory of an instance in MB. One photo of 50 megapixels needs about 800, and 200 for the process.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at a time: the bound on cost.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always run and are always billed: items of name (http, or function:ProcessArtwork) and instanceCount.')
param alwaysReady array = []

@description('HTTP requests that one instance takes at once; an open event stream is one. 0: the platform\'s default, 16 per 2 GB.')
@minValue(0)
@maxValue(1000)
param httpConcurrency int = 0

@description('Spreads instances over the region\'s zones. The platform then keeps, and bills, two instances always ready for each group of functions.')
param zoneRedundant bool = false

@description('Recreate ends running work by force when the app changes. RollingUpdate drains instances first; Azure calls it a preview.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string = 'Recreate'

@description('Hours after which results and inputs are erased.')
@minValue(1)
@maxValue(8760)
param resultRetentionHours int = 24

@description('Webhook secret, whsec_ and 24 to 64 bytes in base64; two, with a blank between, while rotating. Empty: the vault\'s secret stays as it is, or missing.')
@secure()
param webhookSecrets string = ''

@description('recover brings back a vault that was deleted within the last 7 days; its name is taken until then. Fails if there is none.')
@allowed(['default', 'recover'])
param vaultCreateMode string = 'default'

@description('Model: auto (the best one in the package), cascade, or a name from models/manifest.json.')
param model string = 'auto'

@description('A network of its own: storage and vault by private endpoints, and results through the app.')
param privateNetwork bool = false

@description('With privateNetwork: the first address of its network, a /16.')
param networkPrefix string = '10.40.0.0'

@description('With privateNetwork: rules for the app\'s outgoing traffic, a second wall behind its own guard. Azure\'s samples have none: see docs/deploy.md before you turn them on.')
param egressRules bool = false

@description('Public https address of the service, if it is not the app\'s own, like https://removebg.example.com. With privateNetwork results have signed URLs there.')
param publicUrl string = ''

@description('Origins of web pages that may call the API and read results, like https://app.example.com. None: only other servers and the try-it page.')
param corsOrigins array = []

@description('Recipient of alerts and budget mails.')
param alertEmails array = []

@minValue(1)
param monthlyBudget int = 50

@description('First day of the budget\'s first month, yyyy-MM-01: the current month when it is created, and never another afterwards. Empty: the budget stays as it is, or missing.')
param budgetStart string = ''

@description('Days that logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var unique = toLower('${name}${uniqueString(resourceGroup().id)}')
var appName = '${unique}-app'

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
    workspaceId: monitoring.outputs.workspaceId
  }
}

module secrets 'modules/secrets.bicep' = {
  name: 'secrets'
  params: {
    vaultName: take('kv${unique}', 24)
    location: location
    principalId: identity.outputs.principalId
    webhookSecrets: webhookSecrets
    createMode: vaultCreateMode
    publicNetworkAccess: !privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    name: name
    location: location
    storageId: storage.outputs.id
    vaultId: secrets.outputs.vaultId
    prefix: networkPrefix
    egressRules: egressRules
  }
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
    appName: appName
    url: empty(publicUrl) ? 'https://${appName}.azurewebsites.net' : publicUrl
  }
}

module functions 'modules/functions.bicep' = {
  name: 'functions'
  params: {
    name: name
    appName: appName
    location: location
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    deploymentUri: storage.outputs.deploymentUri
    subnetId: network.?outputs.appSubnetId ?? ''
    corsOrigins: corsOrigins
    alwaysReady: alwaysReady
    httpConcurrency: httpConcurrency
    zoneRedundant: zoneRedundant
    siteUpdateStrategy: siteUpdateStrategy
    servesResults: privateNetwork
    publicUrl: publicUrl
    workspaceId: monitoring.outputs.workspaceId
    settings: {
      // All three: the scale controller reads queues by these, and not by the account's name.
      AzureWebJobsStorage__blobServiceUri: storage.outputs.blobUri
      AzureWebJobsStorage__queueServiceUri: storage.outputs.queueUri
      AzureWebJobsStorage__tableServiceUri: storage.outputs.tableUri
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
      RemoveBg__Webhook__Secrets: secrets.outputs.webhookSecretsReference
      RemoveBg__Model__Name: model
      // A quarter of the requests that an instance takes at once is left for others than one key's that wait.
      RemoveBg__Access__WaitingRequests: string(max(1, (httpConcurrency == 0 ? 16 * instanceMemoryMB / 2048 : httpConcurrency) * 3 / 4))
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
output isPrivate bool = privateNetwork
