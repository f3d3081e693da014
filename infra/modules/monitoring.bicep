// Traces, metrics and logs, the alerts on them, a dashboard and a budget. Names of metrics are those of RemoveBg.Core/Telemetry/ServiceMetrics.cs.
param name string
param location string

@description('May send telemetry. Empty: the caller of this module assigns the role.')
param principalId string = ''

@description('Recipients. Without any, alerts are only shown in the portal, and there is no budget alert.')
param alertEmails array

@description('Monthly budget of the resource group, in the currency of the subscription.')
param monthlyBudget int

@description('First day of the first month of the budget, yyyy-MM-01. Empty: the budget is not written.')
param budgetStart string

param retentionInDays int

param appName string

@description('Address of the service, which the external test requests.')
param url string

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

var alerts = [
  {
    name: 'oldest-queued'
    severity: 2
    description: 'An artwork has been waiting for five minutes: too few instances, or none that can work.'
    // The exporter sends a gauge as one measurement, without Max and count: only Sum is sure to have a value.
    query: 'AppMetrics | where Name == "removebg.queue.oldest" | summarize value = max(Sum)'
    threshold: 300
  }
  {
    name: 'failure-rate'
    severity: 2
    description: 'More than a tenth of at least 20 artworks failed for a reason that is not the caller\'s.'
    query: 'AppMetrics | where Name == "removebg.artworks.ended" | extend status = tostring(Properties.status), code = tostring(Properties.code) | summarize failed = sumif(Sum, status == "failed" and code == "internal_error"), total = sum(Sum) | where total >= 20 | project value = 100.0 * failed / total'
    threshold: 10
  }
  {
    name: 'webhook-given-up'
    severity: 3
    description: 'A webhook was tried as often as it may be, or its receiver is gone.'
    query: 'AppMetrics | where Name == "removebg.faults" and tostring(Properties.fault) == "WebhookGivenUp" | summarize value = sum(Sum)'
    threshold: 0
  }
  {
    name: 'poison'
    severity: 1
    description: 'The host gave up on a message.'
    query: 'AppMetrics | where Name == "removebg.faults" and tostring(Properties.fault) == "Poisoned" | summarize value = sum(Sum)'
    threshold: 0
  }
  {
    // The others read the app's own figures, so none of them fires when it sends nothing. The sweeper sends one per minute.
    name: 'silent'
    severity: 1
    description: 'No heartbeat for 15 minutes: the app does not start, its timer does not run, or its telemetry does not arrive.'
    query: 'AppMetrics | where Name == "removebg.queue.oldest" | summarize heartbeats = count() | project value = iff(heartbeats == 0, 1, 0)'
    threshold: 0
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${name}-insights'
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    // Telemetry too comes by identity, not by the key in the connection string.
    DisableLocalAuth: true
  }
}

resource publish 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  name: guid(insights.id, principalId, metricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmails)) {
  name: '${name}-people'
  location: 'global'
  properties: {
    enabled: true
    groupShortName: take(name, 12)
    emailReceivers: [
      for (email, i) in alertEmails: {
        name: 'person${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [
  for alert in alerts: {
    name: '${name}-${alert.name}'
    location: location
    properties: {
      description: alert.description
      enabled: true
      severity: alert.severity
      scopes: [workspace.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Maximum'
            metricMeasureColumn: 'value'
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // Until the first telemetry has come the tables do not exist.
      skipQueryValidation: true
      actions: { actionGroups: empty(alertEmails) ? [] : [people.id] }
    }
  }
]

// From outside, so that it also fires if the platform, DNS or telemetry fails. Five places, each every five minutes.
resource outside 'Microsoft.Insights/webtests@2022-06-15' = if (!empty(alertEmails)) {
  name: '${appName}-ready'
  location: location
  kind: 'standard'
  tags: { 'hidden-link:${insights.id}': 'Resource' }
  properties: {
    SyntheticMonitorId: '${appName}-ready'
    Name: '${appName} is ready'
    Enabled: true
    Frequency: 300
    Timeout: 60
    Kind: 'standard'
    RetryEnabled: true
    Locations: [
      for place in ['emea-nl-ams-azr', 'emea-gb-db3-azr', 'us-va-ash-azr', 'us-ca-sjc-azr', 'apac-sg-sin-azr']: { Id: place }
    ]
    Request: { RequestUrl: '${url}/readyz', HttpVerb: 'GET' }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}

resource unreachable 'Microsoft.Insights/metricAlerts@2018-03-01' = if (!empty(alertEmails)) {
  name: '${name}-unreachable'
  location: 'global'
  properties: {
    description: 'Three of five places cannot get 200 from /readyz.'
    severity: 1
    enabled: true
    scopes: [outside.id, insights.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: outside.id
      componentId: insights.id
      failedLocationCount: 3
    }
    actions: [{ actionGroupId: people.id }]
  }
}

// Azure refuses another start date for a budget that exists, and a past one for a new budget: only the first deployment
// gives it.
resource budget 'Microsoft.Consumption/budgets@2023-11-01' = if (!empty(alertEmails) && !empty(budgetStart)) {
  name: '${name}-budget'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      eighty: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: alertEmails
      }
      foreseen: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: alertEmails
      }
    }
  }
}

resource dashboard 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'RemoveBg'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
  }
}

output workspaceId string = workspace.id
output insightsName string = insights.name
output connectionString string = insights.properties.ConnectionString
