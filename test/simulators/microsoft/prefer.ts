// The Prefer header, which Graph really applies, request by request.
import { zoneUnknown } from './graph-failure.ts';
import type { IdForm } from './event-ids.ts';
import { anyZoneOfName } from './zone-names.ts';

export interface Prefer {
  readonly pageSize?: number;
  /** As the caller wrote it; UTC unless asked. */
  readonly zoneName: string;
  readonly zone: string;
  readonly idForm: IdForm;
  readonly textBody: boolean;
}

const preference = (header: string, name: string): string | undefined => {
  const match = new RegExp(`(?:^|[,;])\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^",;\\s]+))`, 'iu').exec(header);
  return match?.[1] ?? match?.[2];
};

/** Reads the header; throws where it names no time zone. */
export function readPrefer(header: string | undefined): Prefer {
  const text = header ?? '';
  const zoneName = preference(text, 'outlook\\.timezone') ?? 'UTC';
  const zone = anyZoneOfName(zoneName);
  if (zone === undefined) throw zoneUnknown(zoneName);
  const size = Number(preference(text, 'odata\\.maxpagesize'));
  return {
    ...(Number.isInteger(size) && size > 0 ? { pageSize: Math.min(size, 1000) } : {}),
    zoneName,
    zone,
    idForm: preference(text, 'IdType')?.toLowerCase() === 'immutableid' ? 'immutable' : 'regular',
    textBody: preference(text, 'outlook\\.body-content-type')?.toLowerCase() === 'text',
  };
}

/** Preference-Applied, as Graph answers. */
export function applied(prefer: Prefer, asked: string | undefined): Record<string, string> {
  if (asked === undefined) return {};
  const parts = [
    ...(/outlook\.timezone/iu.test(asked) ? [`outlook.timezone="${prefer.zoneName}"`] : []),
    ...(prefer.pageSize === undefined ? [] : [`odata.maxpagesize=${prefer.pageSize}`]),
    ...(prefer.idForm === 'immutable' ? ['IdType="ImmutableId"'] : []),
    ...(prefer.textBody ? ['outlook.body-content-type="text"'] : []),
  ];
  return parts.length === 0 ? {} : { 'preference-applied': parts.join(', ') };
}
