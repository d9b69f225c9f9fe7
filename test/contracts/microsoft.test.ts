import { calendarsContract } from './calendars.ts';
import { microsoftWorld } from './microsoft-world.ts';

calendarsContract('Microsoft Graph', microsoftWorld);
