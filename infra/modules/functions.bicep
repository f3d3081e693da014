// The app: Flex Consumption, by its identity alone.
param name string
param appName string
param location string
param instanceMemoryMB int
param maximumInstanceCount int
param identityId string
param identityClientId string
param deploymentUri string

@description('Of the app; empty: no network of its own.')
param subnetId string

@description('Origins of web pages that may call the API.')
param corsOrigins array

param alwaysReady array

@description('HTTP requests of one instance; 0: the platform\'s default.')
param httpConcurrency int

param zoneRedundant bool
param siteUpdateStrategy string

@description('Callers get results from the app, because they cannot reach storage.')
param servesResults bool

@description('Address of the service; empty: the app\'s own.')
param publicUrl string

@description('Log Analytics workspace for the platform\'s metrics and logs of the app.')
param workspaceId string

@description('Name and value of each app setting.')
param settings object

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: '${name}-plan'
  location: location
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: appName
  location: location
  kind: 'functionapp,linux'
  // azd finds the app by this.
  tags: { 'azd-service-name': 'removebg' }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      cors: { allowedOrigins: corsOrigins, supportCredentials: false }
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentUri
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: union(
        {
          instanceMemoryMB: instanceMemoryMB
          maximumInstanceCount: maximumInstanceCount
          alwaysReady: alwaysReady
        },
        httpConcurrency == 0 ? {} : { triggers: { http: { perInstanceConcurrency: httpConcurrency } } }
      )
      // Documented for this version of the API; Bicep's types lack it.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: siteUpdateStrategy }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, {
      RemoveBg__Results__PublicUrl: !servesResults ? '' : empty(publicUrl) ? 'https://${app.properties.defaultHostName}' : publicUrl
      AzureWebJobsStorage__credential: 'managedidentity'
      // The root is ours: the try-it page.
      AzureWebJobsDisableHomepage: 'true'
      AzureWebJobsStorage__clientId: identityClientId
    })
  }

  // Publishing goes by Entra ID alone, never by a password.
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    // Without it Azure refuses the request ("parameter location has an invalid value"); Bicep's types lack it.
    #disable-next-line BCP187
    location: location
    properties: { allow: false }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    // Without it Azure refuses the request ("parameter location has an invalid value"); Bicep's types lack it.
    #disable-next-line BCP187
    location: location
    properties: { allow: false }
  }
}

// What the platform knows when the app itself is silent: instances, memory, its own log lines.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: app
  properties: {
    workspaceId: workspaceId
    // No logs: the app's and the host's lines arrive through Application Insights, and would be billed twice.
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output url string = 'https://${app.properties.defaultHostName}'
output name string = app.name
