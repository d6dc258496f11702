import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { isGone } from './node.ts';

// Of the connection by which an answer came, and not of ours (RFC 9110, 7.6.1): a handler may pass on what it fetched.
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const OF_CODING = new Set(['content-encoding', 'content-length']);
const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']); // what `fetch` decodes

/**
 * Answers with a WHATWG `Response`, also one that `fetch` gave. Settles when all of it has been written; where nobody is
 * there any more, when its body is let go of.
 */
export async function writeResponse(response: ServerResponse, answer: Response): Promise<void> {
  const { status, headers, body } = answer;
  if (isGone(response)) return body?.cancel(); // else what it was fetched by would be held
  if (/\bclose\b/i.test(headers.get('connection') ?? '')) response.shouldKeepAlive = false;
  const dropsCoding = body !== null && isDecoded(answer);
  for (const [name, value] of headers) {
    if (OF_CONNECTION.has(name) || (dropsCoding && OF_CODING.has(name))) continue;
    response.appendHeader(name, value); // set-cookie comes once for each
  }
  response.statusCode = status;
  if (body === null) response.end();
  else if (response.req.method === 'HEAD') {
    response.end();
    await body.cancel();
  } else await pipeline(Readable.fromWeb(body as ReadableStream), response);
}

/** Whether the body is no longer what its headers say: `fetch` decodes it, and leaves them. */
function isDecoded({ url, headers }: Response): boolean {
  const coding = headers.get('content-encoding');
  return url !== '' && coding !== null && coding.split(',').every((one) => DECODED.has(one.trim().toLowerCase()));
}
