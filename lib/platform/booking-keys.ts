// Keys of booking-events, which outbound writes, and operators' migrations and verification queries read.
import { eventHash } from '../calendars/calendar-key.ts';

export const targetPart = (connectionId: string, calendarKey: string): string => `target#${connectionId}#${calendarKey}`;
export const isTargetPart = (part: string): boolean => part.startsWith('target#');
/** Partition of the pointer from an event of ours back to its booking; its part is `of`. */
export const pointerId = (connectionId: string, eventId: string): string => `event#${connectionId}#${eventHash(eventId)}`;
