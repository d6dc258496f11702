const FORMS = [
  /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/, // a day of one digit is from Java's own formatter
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/, // RFC 850
];
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/; // says no zone, and means GMT

/** Milliseconds since 1970 of an HTTP date (RFC 9110, 5.6.7: the form that is sent, and the two of old); undefined for anything else. */
export function parseHttpDate(text: string): number | undefined {
  const whole = ASCTIME.test(text) ? `${text} GMT` : text;
  if (whole === text && !FORMS.some((form) => form.test(text))) return undefined;
  const moment = Date.parse(whole);
  return Number.isNaN(moment) ? undefined : moment;
}
