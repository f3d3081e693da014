// One image in three parts, which are told apart by RemoveBg__Role and, for the job, by their command.
param name string
param webName string
param location string
param environmentName string

@description('Log Analytics workspace for the logs of all containers.')
param workspaceId string

param image string

@description('Registry to pull from by identity; empty: anybody may.')
param registryServer string

@description('Address of the webhook secret in the vault, without a version.')
param webhookEntryUri string

param storageName string
param webMin int
param webMax int
param httpConcurrency int
param workerMin int
param workerMax int
param artworksPerWorker int
param webhooksPerWorker int

@description('Resource id and client id of each part\'s identity.')
param webIdentity identityType
param workerIdentity identityType
param sweeperIdentity identityType

@description('Name and value of each setting that all parts have.')
param settings object

type identityType = { id: string, clientId: string }

var port = 7071
// Longer than the 45 s that a process takes at most to end (HostApp.StopTime).
var graceSeconds = 60
var shared = [for setting in items(settings): { name: setting.key, value: setting.value }]
var probes = [
  {
    type: 'Startup'
    httpGet: { path: '/readyz', port: port }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 10
  }
  {
    type: 'Readiness'
    httpGet: { path: '/readyz', port: port }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  }
  {
    // Nothing but the process: a restart does not help against storage that fails.
    type: 'Liveness'
    httpGet: { path: '/healthz', port: port }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  }
]
var secretName = 'webhook-secrets'

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' existing = {
  name: environmentName
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

resource web 'Microsoft.App/containerApps@2025-01-01' = {
  name: webName
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${webIdentity.id}': {} } }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: { external: true, targetPort: port, transport: 'auto', allowInsecure: false }
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: webIdentity.id }]
      secrets: [{ name: secretName, keyVaultUrl: webhookEntryUri, identity: webIdentity.id }]
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      containers: [
        {
          name: 'removebg'
          image: image
          env: concat(shared, identified('web', webIdentity.clientId), [
            { name: 'RemoveBg__Role', value: 'web' }
            { name: 'RemoveBg__Webhook__Secrets', secretRef: secretName }
          ])
          probes: probes
          resources: { cpu: json('0.5'), memory: '1Gi' }
        }
      ]
      scale: {
        minReplicas: webMin
        maxReplicas: webMax
        rules: [{ name: 'requests', http: { metadata: { concurrentRequests: string(httpConcurrency) } } }]
      }
    }
  }
}

resource worker 'Microsoft.App/containerApps@2025-01-01' = {
  name: '${name}-worker'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${workerIdentity.id}': {} } }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: workerIdentity.id }]
      secrets: [{ name: secretName, keyVaultUrl: webhookEntryUri, identity: workerIdentity.id }]
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      containers: [
        {
          name: 'removebg'
          image: image
          env: concat(shared, identified('worker', workerIdentity.clientId), [
            { name: 'RemoveBg__Role', value: 'worker' }
            { name: 'RemoveBg__Webhook__Secrets', secretRef: secretName }
          ])
          probes: probes
          resources: { cpu: json('1.0'), memory: '2Gi' }
        }
      ]
      scale: {
        minReplicas: workerMin
        maxReplicas: workerMax
        pollingInterval: 10
        cooldownPeriod: 300
        rules: [
          {
            // Running artworks are invisible messages: they count, so that no worker is stopped while it is needed.
            name: 'artworks'
            custom: {
              type: 'azure-queue'
              identity: workerIdentity.id
              metadata: {
                accountName: storageName
                queueName: 'artworks'
                queueLength: string(artworksPerWorker)
                queueLengthStrategy: 'all'
              }
            }
          }
          {
            // Only what is due: retries wait in the queue for up to a day.
            name: 'webhooks'
            custom: {
              type: 'azure-queue'
              identity: workerIdentity.id
              metadata: {
                accountName: storageName
                queueName: 'webhooks'
                queueLength: string(webhooksPerWorker)
                queueLengthStrategy: 'visibleonly'
              }
            }
          }
        ]
      }
    }
  }
}

resource sweeper 'Microsoft.App/jobs@2025-01-01' = {
  name: '${name}-sweeper'
  location: location
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${sweeperIdentity.id}': {} } }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: { cronExpression: '* * * * *', parallelism: 1, replicaCompletionCount: 1 }
      // A sweep and an erasure, each of which ends by itself before. The next minute tries again.
      replicaTimeout: 360
      replicaRetryLimit: 0
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: sweeperIdentity.id }]
    }
    template: {
      containers: [
        {
          name: 'removebg'
          image: image
          command: ['dotnet', 'RemoveBg.SelfHost.dll', 'sweep']
          env: concat(shared, identified('sweeper', sweeperIdentity.clientId))
          resources: { cpu: json('0.25'), memory: '0.5Gi' }
        }
      ]
    }
  }
}

// Settings by which a part shows who it is: to storage, and in its telemetry.
func identified(role string, clientId string) array => [
  { name: 'AzureWebJobsStorage__clientId', value: clientId }
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${clientId};Authorization=AAD' }
  { name: 'OTEL_SERVICE_NAME', value: 'removebg-${role}' }
]

output url string = 'https://${web.properties.configuration.ingress.fqdn}'
