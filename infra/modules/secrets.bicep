// The webhook secrets. The app reads them by reference: they are not in its settings.
param vaultName string
param location string

@description('May read the secret. Empty: the caller of this module assigns the role.')
param principalId string = ''

@secure()
@description('Empty: the secret stays as it is.')
param webhookSecrets string

@description('default or recover.')
param createMode string

@description('False: reachable through a private endpoint alone.')
param publicNetworkAccess bool

@description('Log Analytics workspace for the audit log: every read and write of a secret.')
param workspaceId string

var secretName = 'webhook-secrets'
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: vaultName
  location: location
  properties: {
    createMode: createMode
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    // A template still writes secrets: that is a request to Azure Resource Manager, not to the vault.
    networkAcls: { bypass: 'AzureServices', defaultAction: publicNetworkAccess ? 'Allow' : 'Deny' }
  }
}

// Written only when given: otherwise each deployment would undo a rotation.
resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(webhookSecrets)) {
  parent: vault
  name: secretName
  properties: { value: webhookSecrets }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  name: guid(vault.id, principalId, secretsUser)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

// Without a version: the platform fetches a rotated secret within a day, or when told to (docs/deploy.md).
output webhookSecretsReference string = '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=${secretName})'
output webhookSecretsUri string = '${vault.properties.vaultUri}secrets/${secretName}'
output vaultName string = vault.name
output vaultId string = vault.id
