// Records, messages, pictures and the deployment package: one account, identities only.
param accountName string
param location string
param principalId string

@description('Hours after which results and inputs may be erased. Lifecycle rules count whole days, so this is rounded up.')
param resultRetentionHours int

@description('False: reachable through private endpoints alone.')
param publicNetworkAccess bool

@description('Origins of web pages that may read results.')
param corsOrigins array

param deploymentContainer string

// Built-in roles for what the app does with blobs, queues and tables, and for user delegation keys. Nothing wider.
var roles = {
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  blobDelegator: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    cors: {
      corsRules: empty(corsOrigins) ? [] : [
        {
          allowedOrigins: corsOrigins
          allowedMethods: ['GET', 'HEAD']
          allowedHeaders: ['range']
          exposedHeaders: ['content-length', 'content-type', 'etag']
          maxAgeInSeconds: 3600
        }
      ]
    }
    // A mistake can be undone for a day; longer would keep images that their owners have deleted.
    deleteRetentionPolicy: { enabled: true, days: 1 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource deployments 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: deploymentContainer
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'eraseResultsAndInputs'
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['results/', 'inputs/']
            }
            actions: {
              baseBlob: { delete: { daysAfterCreationGreaterThan: (resultRetentionHours + 23) / 24 } }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(roles): {
    name: guid(storage.id, principalId, role.value)
    scope: storage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
    }
  }
]

output id string = storage.id
output name string = storage.name
output deploymentUri string = '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
