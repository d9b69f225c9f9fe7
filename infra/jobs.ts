// What each job may touch. A grant and its environment variable come from the same call.
import { Index } from '../lib/platform/names.ts';
import type { JobFunction } from './job-function.ts';

/** Verifies a notice, marks the connection in one write, rings once. */
export const receivesNotices = (job: JobFunction): JobFunction =>
  job.useSettings().useTable('sync-state', 'dynamodb:UpdateItem', 'dynamodb:GetItem').sendTo('inbound');

/** Reads calendars into busy intervals; sees there what became of our own events. */
export const pullsCalendars = (job: JobFunction): JobFunction =>
  job
    .useSettings()
    .callCalendars()
    .useWindow()
    .watchCalendars()
    .useTable('connections', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useIndexes('connections', Index.connectionsByAccount)
    .useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useTable('busy-intervals', 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useIndexes('busy-intervals', Index.busyByStart, Index.busyBySeries)
    .useTable('booking-events', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem')
    .useIndexes('booking-events', Index.bookingsByEnd, Index.pending)
    .sendTo('inbound', 'booking', 'calendar-changes');

/** Records booking wishes and brings each target calendar in line with them. */
export const pushesBookings = (job: JobFunction): JobFunction =>
  job
    .useSettings()
    .callCalendars()
    .useTable('connections', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem')
    .useIndexes('connections', Index.connectionsByProvider)
    .useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useTable('busy-intervals', 'dynamodb:Query', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useTable('booking-events', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useIndexes('booking-events', Index.bookingsByEnd)
    .sendTo('inbound', 'booking', 'calendar-changes');

/** Answers from one strongly consistent query. */
export const answersAvailability = (job: JobFunction): JobFunction =>
  job.useSettings().useTable('busy-intervals', 'dynamodb:Query').useIndexes('busy-intervals', Index.busyByStart);

/** Shows connections, without their secrets, starts consents, and lets connections and providers go. */
export const answersAboutConnections = (job: JobFunction): JobFunction =>
  job
    .useSettings()
    .knowApi()
    .useTable('connections', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem')
    .useIndexes('connections', Index.connectionsByProvider)
    .useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem')
    .useTable('busy-intervals', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem')
    .sendTo('inbound', 'booking');

/** Takes a person to the consent page and back, and makes or renews the connection. */
export const connectsCalendars = (job: JobFunction): JobFunction =>
  job
    .useSettings()
    .knowApi()
    .callCalendars()
    .askPeople()
    .useTable('connections', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem')
    .useIndexes('connections', Index.connectionsByAccount)
    .useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    .useTable('busy-intervals', 'dynamodb:PutItem', 'dynamodb:UpdateItem')
    .sendTo('inbound', 'booking');

/** Tells operators what CloudWatch counted. */
export const tellsMetrics = (job: JobFunction): JobFunction => job.readMetrics().useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:PutItem');

/** Rings again for what is dirty, pending or due and in nobody's hands. */
export const keepsUp = (job: JobFunction): JobFunction =>
  job
    .useSettings()
    .useTable('connections', 'dynamodb:BatchGetItem')
    .useTable('sync-state', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem')
    .useIndexes('sync-state', Index.dirty, Index.due)
    .useTable('booking-events', 'dynamodb:GetItem', 'dynamodb:BatchGetItem')
    .useIndexes('booking-events', Index.pending)
    .sendTo('inbound', 'booking');
