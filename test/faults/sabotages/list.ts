// All sabotages: the tests of `npm run sabotage` must kill them, and the operators' gate those of against-gate.ts.
import { inCalendars } from './in-calendars.ts';
import { inConnect } from './in-connect.ts';
import { inInbound } from './in-inbound.ts';
import { inInfra } from './in-infra.ts';
import { inIngest } from './in-ingest.ts';
import { inOperate } from './in-operate.ts';
import { inOutbound } from './in-outbound.ts';
import { inPlatform } from './in-platform.ts';
import { ofBudgets } from './of-budgets.ts';
import type { Sabotage } from './sabotage.ts';

export const sabotages: readonly Sabotage[] = [...inPlatform, ...inIngest, ...inInbound, ...inOutbound, ...inCalendars, ...inConnect, ...inInfra, ...inOperate, ...ofBudgets];
