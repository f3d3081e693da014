// RemoveBg on Azure Container Apps, each part scaled by itself: web by requests, workers by queues, the sweeper by the clock.
targetScope = 'resourceGroup'

@description('Prefix of all names: 3 to 12 lower-case letters and digits.')
@minLength(3)
@maxLength(12)
param name string

@description('Region of all resources: the group\'s, unless given.')
param location string = resourceGroup().location

@description('The image, with its tag or digest, like example.azurecr.io/removebg:1.2.3. All parts run the same one.')
param image string

@description('An Azure Container Registry of this group that has the image. Empty: anybody may pull it.')
param registryName string = ''

@description('Web replicas: at least, at most.')
@minValue(1)
param webMin int = 1
@minValue(1)
@maxValue(300)
param webMax int = 10

@description('HTTP requests that one web replica takes at once; an open event stream is one.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 50

@description('Worker replicas: at least, at most. With 0, the first artwork after a pause waits for a start.')
@minValue(0)
param workerMin int = 1
@minValue(1)
@maxValue(300)
param workerMax int = 40

@description('Queued and running artworks for each worker, and due webhooks.')
@minValue(1)
param artworksPerWorker int = 8
@minValue(1)
param webhooksPerWorker int = 16

@description('Hours after which results and inputs are erased.')
@minValue(1)
@maxValue(8760)
param resultRetentionHours int = 24

@description('Webhook secret, whsec_ and 24 to 64 bytes in base64; two, with a blank between, while rotating. Needed the first time; empty: the vault\'s secret stays as it is.')
@secure()
param webhookSecrets string = ''

@description('recover brings back a vault that was deleted within the last 7 days; its name is taken until then. Fails if there is none.')
@allowed(['default', 'recover'])
param vaultCreateMode string = 'default'

@description('Model: auto (the best one in the image), cascade, or a name from models/manifest.json.')
param model string = 'auto'

@description('Public https address of the service, if it is not the app\'s own, like https://removebg.example.com.')
param publicUrl string = ''

@description('Origins of web pages that may call the API and read results, like https://app.example.com.')
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
var webName = '${name}-web'
// The sweeper signs nothing.
var roles = [
  { name: 'web', needsSecrets: true }
  { name: 'worker', needsSecrets: true }
  { name: 'sweeper', needsSecrets: false }
]

module identities '../modules/identity.bicep' = [
  for role in roles: {
    name: 'identity-${role.name}'
    params: { name: '${name}-${role.name}', location: location }
  }
]

module environment 'environment.bicep' = {
  name: 'environment'
  params: { name: name, location: location }
}

module monitoring '../modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: name
    location: location
    alertEmails: alertEmails
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
    retentionInDays: logRetentionDays
    appName: webName
    url: empty(publicUrl) ? 'https://${webName}.${environment.outputs.defaultDomain}' : publicUrl
  }
}

module storage '../modules/storage.bicep' = {
  name: 'storage'
  params: {
    accountName: take(unique, 24)
    location: location
    resultRetentionHours: resultRetentionHours
    publicNetworkAccess: true
    corsOrigins: corsOrigins
    workspaceId: monitoring.outputs.workspaceId
  }
}

module secrets '../modules/secrets.bicep' = {
  name: 'secrets'
  params: {
    vaultName: take('kv${unique}', 24)
    location: location
    webhookSecrets: webhookSecrets
    createMode: vaultCreateMode
    publicNetworkAccess: true
    workspaceId: monitoring.outputs.workspaceId
  }
}

module access 'access.bicep' = [
  for (role, i) in roles: {
    name: 'access-${role.name}'
    params: {
      principalId: identities[i].outputs.principalId
      storageName: storage.outputs.name
      vaultName: role.needsSecrets ? secrets.outputs.vaultName : ''
      insightsName: monitoring.outputs.insightsName
      registryName: registryName
    }
  }
]

module apps 'apps.bicep' = {
  name: 'apps'
  params: {
    name: name
    webName: webName
    location: location
    environmentName: environment.outputs.name
    workspaceId: monitoring.outputs.workspaceId
    image: image
    registryServer: empty(registryName) ? '' : '${registryName}${az.environment().suffixes.acrLoginServer}'
    webhookEntryUri: secrets.outputs.webhookSecretsUri
    storageName: storage.outputs.name
    webMin: webMin
    webMax: webMax
    httpConcurrency: httpConcurrency
    workerMin: workerMin
    workerMax: workerMax
    artworksPerWorker: artworksPerWorker
    webhooksPerWorker: webhooksPerWorker
    webIdentity: { id: identities[0].outputs.id, clientId: identities[0].outputs.clientId }
    workerIdentity: { id: identities[1].outputs.id, clientId: identities[1].outputs.clientId }
    sweeperIdentity: { id: identities[2].outputs.id, clientId: identities[2].outputs.clientId }
    settings: {
      AzureWebJobsStorage__blobServiceUri: storage.outputs.blobUri
      AzureWebJobsStorage__queueServiceUri: storage.outputs.queueUri
      AzureWebJobsStorage__tableServiceUri: storage.outputs.tableUri
      AzureWebJobsStorage__credential: 'managedidentity'
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      RemoveBg__Model__Name: model
      RemoveBg__Cors__Origins: join(corsOrigins, ' ')
      RemoveBg__Results__Retention: '${resultRetentionHours / 24}.${padLeft(resultRetentionHours % 24, 2, '0')}:00:00'
    }
  }
  // A process that starts before its roles hold gets 403.
  dependsOn: [access]
}

output url string = apps.outputs.url
output storageAccount string = storage.outputs.name
output vaultName string = secrets.outputs.vaultName
