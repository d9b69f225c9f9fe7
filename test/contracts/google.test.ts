import { calendarsContract } from './calendars.ts';
import { makeGoogleWorld } from './google-world.ts';

calendarsContract('Google', makeGoogleWorld);
