// Which time zone names Graph takes: every Windows name, and of the IANA names those of its own list
// (https://learn.microsoft.com/graph/api/resources/datetimetimezone), where for instance Europe/Amsterdam is missing.
import { ianaFromWindows, isZone, windowsFromIana } from '../zones.ts';

const listed = new Set(
  `Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles America/Phoenix America/Chihuahua
America/Denver America/Guatemala America/Chicago America/Mexico_City America/Regina America/Bogota America/New_York
America/Indiana/Indianapolis America/Caracas America/Asuncion America/Halifax America/Cuiaba America/La_Paz America/Santiago
America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires America/Cayenne America/Godthab America/Montevideo America/Bahia
Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde Africa/Casablanca Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest
Europe/Paris Europe/Warsaw Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Amman Asia/Beirut Africa/Cairo Asia/Damascus
Africa/Johannesburg Europe/Kiev Europe/Istanbul Asia/Jerusalem Asia/Baghdad Europe/Kaliningrad Asia/Riyadh Africa/Nairobi Asia/Tehran
Asia/Dubai Asia/Baku Europe/Samara Indian/Mauritius Asia/Tbilisi Asia/Yerevan Asia/Kabul Asia/Tashkent Asia/Yekaterinburg Asia/Karachi
Asia/Kolkata Asia/Colombo Asia/Kathmandu Asia/Almaty Asia/Dhaka Asia/Novosibirsk Asia/Rangoon Asia/Bangkok Asia/Krasnoyarsk
Asia/Shanghai Asia/Irkutsk Asia/Singapore Australia/Perth Asia/Taipei Asia/Ulaanbaatar Asia/Tokyo Asia/Seoul Asia/Yakutsk
Australia/Adelaide Australia/Darwin Australia/Brisbane Australia/Sydney Pacific/Port_Moresby Australia/Hobart Asia/Vladivostok
Asia/Magadan Pacific/Guadalcanal Etc/GMT-12 Pacific/Auckland Pacific/Fiji Asia/Kamchatka Pacific/Tongatapu Pacific/Apia`.split(/\s+/),
);

/** The IANA zone behind a name that Graph takes; undefined for any other. */
export const zoneOfName = remembered((name) => (name === 'UTC' || (listed.has(name) && isZone(name)) ? name : ianaFromWindows(name)));

/** As zoneOfName, and any IANA zone besides: people's own programs know them all. */
export const anyZoneOfName = remembered((name) => (isZone(name) ? name : ianaFromWindows(name)));

/** What originalStartTimeZone says: the Windows name, where there is one. */
export const originalZoneName = remembered((name) => (ianaFromWindows(name) === undefined ? (windowsFromIana(name) ?? 'tzone://Microsoft/Custom') : name));

/** Looking a zone up takes 0.1 ms: a second for ten thousand events. */
function remembered<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    if (!known.has(name)) known.set(name, find(name));
    return known.get(name) as T;
  };
}
