import { bookings as bookingRows, type TargetRow, type Wish } from '../../../lib/outbound/bookings.ts';
import { ago, iso, until } from './ages.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';

/** Everything but its texts, which are the customer's. */
const wishTold = ({ id, version, providerId, serviceId, title, description, location, start, end, cancelled, pendingSince, retryAt, generation }: Wish) => ({
  booking_id: id,
  version,
  provider_id: providerId,
  service_id: serviceId,
  start_time: start,
  end_time: end,
  cancelled,
  texts: { title: title.length, description: description?.length ?? 0, location: location?.length ?? 0 },
  marks: generation,
  pending_since: iso(pendingSince),
  retry_at: iso(retryAt),
});

const targetTold = (wish: Wish, row: TargetRow) => ({
  connection_id: row.connectionId,
  calendar_key: row.calendarKey,
  external_event_id: row.external_event_id ?? null,
  ical_uid: row.ical_uid ?? null,
  applied_version: row.appliedVersion ?? null,
  is: row.removed ? 'removed' : row.appliedVersion === wish.version ? 'as wished' : row.external_event_id === undefined ? 'being created' : 'behind',
  event_generation: row.generation,
  disputes: (row.disputes ?? 0) - (row.settled ?? 0),
  attempted_at: iso(row.attemptedAt),
});

async function show({ place, clock }: Job, id: string): Promise<Answer> {
  const { wish, targets } = await bookingRows(place.dynamo, place.tables['booking-events']).read(id);
  if (wish === undefined) throw new Failure(`No booking ${id} has been recorded on ${place.name}.`);
  const booking = wishTold(wish);
  const told = targets.map((row) => targetTold(wish, row));
  const now = clock();
  return {
    data: { ...booking, targets: told },
    text: [
      `${id}, version ${wish.version}${wish.cancelled ? ', cancelled' : ''}, of provider ${wish.providerId}`,
      `from        ${wish.start}`,
      `to          ${wish.end}`,
      `texts       title ${booking.texts.title}, description ${booking.texts.description}, location ${booking.texts.location} characters`,
      `pending     ${wish.pendingSince === undefined ? 'no' : `since ${ago(wish.pendingSince, now)}${wish.retryAt === undefined ? '' : `, tried again ${until(wish.retryAt, now)}`}`}`,
      { title: 'Calendars', rows: told.map(({ connection_id, is, applied_version, external_event_id, disputes }) => ({ connection: connection_id, is, version: applied_version ?? '–', event: external_event_id ?? '–', disputes })) },
    ],
  };
}

async function sync({ place }: Job, id: string): Promise<Answer> {
  const { status, body } = await place.call('POST', '/v1/sync/outbound', { booking_id: id });
  return { data: { status, ...body }, text: [`${status}: ${String(body['outcome'] ?? body['detail'] ?? '')}`], bad: status >= 300 };
}

export const bookings: AddCommand = (program, act) => {
  const group = program.command('bookings').description('what was wished for a booking, and where it stands');
  group.command('show').description('one booking and its events; without its texts').argument('<booking-id>').action(act((job, _, [id]) => show(job, id ?? '')));
  group.command('sync').description('bring it in line now; safe to repeat').argument('<booking-id>').action(act((job, _, [id]) => sync(job, id ?? '')));
};
