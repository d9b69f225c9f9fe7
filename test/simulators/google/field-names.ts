// The names that a `fields` selector may use, for what the simulator answers. Google refuses a selector with any other.

/** A resource: its members, each a leaf, a resource or a list of one; `open` takes any name. */
export type Shape = { readonly [name: string]: Shape | 'leaf' | 'open' };

const leaves = (...names: string[]): Shape => Object.fromEntries(names.map((name) => [name, 'leaf']));

const time = leaves('date', 'dateTime', 'timeZone');
const person = leaves('id', 'email', 'displayName', 'self');

export const eventShape: Shape = {
  ...leaves(
    'kind', 'etag', 'id', 'status', 'htmlLink', 'created', 'updated', 'summary', 'description', 'location', 'colorId', 'endTimeUnspecified', 'recurrence',
    'recurringEventId', 'transparency', 'visibility', 'iCalUID', 'sequence', 'attendeesOmitted', 'hangoutLink', 'anyoneCanAddSelf', 'guestsCanInviteOthers',
    'guestsCanModify', 'guestsCanSeeOtherGuests', 'privateCopy', 'locked', 'eventType',
  ),
  creator: person,
  organizer: person,
  start: time,
  end: time,
  originalStartTime: time,
  attendees: { ...person, ...leaves('organizer', 'resource', 'optional', 'responseStatus', 'comment', 'additionalGuests') },
  extendedProperties: { private: 'open', shared: 'open' },
  reminders: { useDefault: 'leaf', overrides: leaves('method', 'minutes') },
  source: leaves('url', 'title'),
  attachments: leaves('fileUrl', 'title', 'mimeType', 'iconLink', 'fileId'),
  conferenceData: 'open',
  gadget: 'open',
  workingLocationProperties: 'open',
  outOfOfficeProperties: 'open',
  focusTimeProperties: 'open',
  birthdayProperties: 'open',
};

export const eventsShape: Shape = {
  ...leaves('kind', 'etag', 'summary', 'description', 'updated', 'timeZone', 'accessRole', 'nextPageToken', 'nextSyncToken'),
  defaultReminders: leaves('method', 'minutes'),
  items: eventShape,
};

const calendarEntryShape: Shape = {
  ...leaves(
    'kind', 'etag', 'id', 'summary', 'description', 'location', 'timeZone', 'summaryOverride', 'colorId', 'backgroundColor', 'foregroundColor', 'hidden',
    'selected', 'accessRole', 'primary', 'deleted', 'dataOwner', 'autoAcceptInvitations',
  ),
  defaultReminders: leaves('method', 'minutes'),
  notificationSettings: { notifications: leaves('type', 'method') },
  conferenceProperties: leaves('allowedConferenceSolutionTypes'),
};

export const calendarListShape: Shape = { ...leaves('kind', 'etag', 'nextPageToken', 'nextSyncToken'), items: calendarEntryShape };
export const calendarShape: Shape = calendarEntryShape;
export const channelShape: Shape = { ...leaves('kind', 'id', 'resourceId', 'resourceUri', 'token', 'expiration', 'type', 'address', 'payload'), params: 'open' };
