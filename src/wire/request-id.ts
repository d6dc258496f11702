/** Names a request for people, over all that is done for it. */
export const REQUEST_ID = 'x-request-id';

const FORM = /^[\x21-\x7e]{1,128}$/;

/** A request id that may be passed on and written down; undefined where it is none, or too long, or hostile. */
export const parseRequestId = (text: string | undefined): string | undefined =>
  text !== undefined && FORM.test(text) ? text : undefined;
