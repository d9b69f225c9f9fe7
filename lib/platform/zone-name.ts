/** An IANA name such as Europe/Berlin. Not an offset such as +02:00, which Intl takes too: it knows no summer time, and Google refuses it. */
export function isZoneName(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
