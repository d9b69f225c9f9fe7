import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { minutes } from '../../../lib/platform/clock.ts';
import { googleQuota } from '../../../lib/platform/quota.ts';
import { callsPerDay, callsPerDayUnheard, duePerTick, googleDailyCalls, mostConnections, rungInOneTick, worstStaleness } from '../../support/carrying-capacity.ts';

const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
const figure = (value: number): string => Math.round(value).toLocaleString('en');

describe('docs/limits.md', () => {
  it.each([
    ['connections of one calendar, five changes a day', `${figure(mostConnections({ perConnection: 1, changesPerDay: 5 }))} connections`],
    ['connections of one calendar, ten changes a day', `**${figure(mostConnections({ perConnection: 1, changesPerDay: 10 }))}** with ten`],
    ['connections of three calendars, ten changes a day', `**${figure(mostConnections({ perConnection: 3, changesPerDay: 10 }))}** of three`],
    ['calls a day where no notice comes', `${figure(callsPerDayUnheard(20_000, 1))} calls a day`],
    ['staleness at 10,000 connections', `${figure(worstStaleness(10_000) / minutes(1))} minutes`],
    ['due in a minute, all delivering', `${figure(duePerTick(100_000).proven)} connections a minute`],
    ['due in a minute, none delivering', `${figure(duePerTick(100_000).unproven)} a minute`],
    ['rung in one tick', `**${figure(rungInOneTick(400))}**`],
    ['the windows of the budget', `${googleQuota.window / 1000} seconds, ${figure(googleQuota.perWindow)} calls`],
    ['the shares', `Polls may use ${googleQuota.share.poll * 100} %`],
    ['an account’s calls', `a burst of ${googleQuota.user.burst} calls for reading and as many for writing, refilled by ${googleQuota.user.perSecond} a second`],
  ])('tells the true figure of %s', (_, told) => {
    expect(page).toContain(told);
  });

  it('is right that the daily threshold binds before the quota of a minute', () => {
    const most = mostConnections({ perConnection: 1, changesPerDay: 5 });
    expect(callsPerDay(most, { perConnection: 1, changesPerDay: 5 })).toBeLessThanOrEqual(googleDailyCalls);
    expect(callsPerDay(most + 100, { perConnection: 1, changesPerDay: 5 })).toBeGreaterThan(googleDailyCalls);
    expect(googleDailyCalls / (24 * 60)).toBeLessThan(googleQuota.projectPerMinute);
  });

  it('is right that a tick keeps up with a fleet that nobody hears', () => {
    expect(duePerTick(120_000).unproven).toBeLessThan(rungInOneTick(400));
    expect(duePerTick(120_000).proven).toBeLessThan(rungInOneTick(400));
  });
});
