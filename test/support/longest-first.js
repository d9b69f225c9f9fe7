// The order in which jest starts the files: first what computes long, beside it the journeys, which wait more than they work; so that no
// worker is left with a long file at the end. A fresh clone remembers no times, and would go by the size of files.
import Sequencer from '@jest/test-sequencer';

const computing = ['faults/crash-points', 'faults/seeds', 'faults/'];
const waiting = ['journeys/', 'infra/local/sandbox', 'drills/'];
const placeIn = (places, { path }) => places.findIndex((place) => path.includes(`/test/${place}`));
const ordered = (tests, places) => tests.filter((test) => placeIn(places, test) >= 0).sort((a, b) => placeIn(places, a) - placeIn(places, b));

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const [long, idle] = [ordered(tests, computing), ordered(tests, waiting)];
    const mixed = Array.from({ length: Math.max(long.length, idle.length) }, (_, n) => [long[n], idle[n]]).flat().filter(Boolean);
    return [...mixed, ...super.sort(tests.filter((test) => !mixed.includes(test)))];
  }
}
