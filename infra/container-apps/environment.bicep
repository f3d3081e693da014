// The environment of all apps. Its logs go where apps.bicep says: the workspace does not exist yet.
param name string
param location string

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

output name string = environment.name
output defaultDomain string = environment.properties.defaultDomain
