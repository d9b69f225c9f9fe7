import { CfnOutput, Duration, Stack, Tags, type App } from 'aws-cdk-lib/core';
import { queueNames, type FunctionName, type QueueName, type TableName } from '../lib/platform/names.ts';
import { Alarms } from './alarms.ts';
import { CalendarSyncDashboard } from './dashboard.ts';
import { Deployments } from './deployments.ts';
import { JobFunction } from './job-function.ts';
import { answersAboutConnections, answersAvailability, connectsCalendars, keepsUp, pullsCalendars, pushesBookings, receivesNotices, tellsMetrics } from './jobs.ts';
import { workOff } from './queue-worker.ts';
import { Queues } from './queues.ts';
import { SettingsParameters } from './settings-parameters.ts';
import type { Stage } from './stages.ts';
import { StateTables } from './state-tables.ts';
import { Upkeep } from './upkeep.ts';
import { WebhookApi } from './webhook-api.ts';

/** Everything that one stage is made of. */
export class CalendarSyncStack extends Stack {
  constructor(app: App, stage: Stage) {
    super(app, `calendar-sync-${stage.name}`, { description: `Keeps bookings and calendars in step (${stage.name})` });
    const tables = new StateTables(this, 'tables', stage);
    const queues = new Queues(this, 'queues', stage);
    const settings = new SettingsParameters(this, 'settings', stage);
    const api = new WebhookApi(this, 'api', stage);
    const jobs = new Map<FunctionName, JobFunction>();
    const job = (name: FunctionName): JobFunction => {
      const made = new JobFunction(this, name, { stage, tables, queues, settings, apiUrl: api.url });
      jobs.set(name, made);
      return made;
    };

    const googleWebhook = receivesNotices(job('google-webhook'));
    const microsoftWebhook = receivesNotices(job('microsoft-webhook'));
    const inboundSync = pullsCalendars(job('inbound-sync')).putAside('inbound');
    const bookingSync = pushesBookings(job('booking-sync')).putAside('booking');
    const syncNow = pushesBookings(pullsCalendars(job('sync-now')));
    const availability = answersAvailability(job('availability'));
    const connections = answersAboutConnections(job('connections'));
    const connect = connectsCalendars(job('connect'));
    const ops = tellsMetrics(job('ops'));
    const upkeep = keepsUp(job('upkeep'));

    workOff(queues.named('inbound'), inboundSync, stage.workers['inbound-sync']);
    workOff(queues.named('booking'), bookingSync, stage.workers['booking-sync']);
    new Upkeep(this, 'timer', { every: Duration.minutes(stage.upkeepPeriodMinutes), job: upkeep });
    api
      .webhook('POST /webhooks/google', googleWebhook)
      .webhook('POST /webhooks/microsoft', microsoftWebhook)
      .internal(['GET /v1/providers/{provider_id}/busy', 'POST /v1/providers/{provider_id}/availability'], availability)
      .internal(['POST /v1/sync/outbound', 'POST /v1/sync/inbound', 'PATCH /v1/connections/{connection_id}'], syncNow)
      .internal(['GET /v1/providers/{provider_id}/connections', 'GET /v1/connections/{connection_id}', 'DELETE /v1/connections/{connection_id}', 'DELETE /v1/providers/{provider_id}', 'POST /v1/connections'], connections)
      .internal(['GET /ops/metrics/calendar'], ops)
      .person(['GET /connect/{start_id}', 'GET /connect/callback'], connect);

    const watched = {
      stage,
      functionName: (name: FunctionName) => jobs.get(name)?.fn.functionName ?? '',
      deadQueueName: (name: QueueName) => queues.named(name).dead.queueName,
      tableName: (name: TableName) => tables.named(name).tableName,
      apiId: api.id,
    };
    const alarms = new Alarms(this, 'alarms', watched);
    new CalendarSyncDashboard(this, 'dashboard', { ...watched, alarms, queueName: (name) => queues.named(name).live.queueName });
    new Deployments(this, 'deployments', { stage, jobs: [...jobs.values()], rollBackOn: alarms.unhealthy });

    this.tellApart(stage);
    this.tell('ApiUrl', api.url);
    for (const name of queueNames) {
      const { live, dead } = queues.named(name);
      this.tell(`${pascalCase(name)}QueueUrl`, live.queueUrl);
      this.tell(`${pascalCase(name)}DeadQueueUrl`, dead.queueUrl);
    }
  }

  /** Tags for the bill. Not on parameters, whose text is frozen, nor on the stack, whose tags CloudFormation would hand on to them. */
  private tellApart(stage: Stage): void {
    const untagged = { excludeResourceTypes: ['AWS::SSM::Parameter', 'aws:cdk:stack'] };
    Tags.of(this).add('project', 'calendar-sync', untagged);
    Tags.of(this).add('stage', stage.name, untagged);
  }

  private tell(id: string, value: string): void {
    new CfnOutput(this, id, { value });
  }
}

const pascalCase = (name: string): string => name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
