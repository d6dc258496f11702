import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Finding, Target } from '../core/probe.ts';
import { unwell, WELL } from './finding.ts';

const SERVICE = 1; // the one field of HealthCheckRequest, and of HealthCheckResponse its status
const SERVING = 1;
const SAYS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const LONGEST = 1_024; // bytes of an answer that has two

/** Asks `grpc.health.v1.Health` once, over a connection of its own. */
export async function probeGrpc({ endpoint, settings, secure, signal }: Target): Promise<Finding> {
  const session = connect(endpoint.url, { ...secure });
  try {
    return await new Promise<Finding>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
      session.on('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      listen(stream, resolve, reject);
      stream.end(question(settings.path.startsWith('/') ? '' : settings.path));
    });
  } finally {
    session.destroy();
  }
}

function listen(stream: ClientHttp2Stream, resolve: (finding: Finding) => void, reject: (error: unknown) => void) {
  const parts: Buffer[] = [];
  let [length, status, code] = [0, 0, undefined as unknown];
  const note = (headers: IncomingHttpHeaders): void => {
    status = Number(headers[':status'] ?? status);
    code = headers['grpc-status'] ?? code;
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('data', (part: Buffer) => {
    length += part.length;
    if (length > LONGEST) stream.destroy(new Error('its answer is none of grpc.health.v1'));
    else parts.push(part);
  });
  stream.on('error', reject);
  stream.on('end', () => {
    if (status !== 200) resolve(unwell(`status ${status}`));
    else if (code !== '0') resolve(unwell(`grpc-status ${String(code ?? 'missing').slice(0, 20)}`));
    else resolve(read(Buffer.concat(parts)));
  });
}

/** A HealthCheckRequest in its frame: not compressed, how long, and then a text as field 1. */
function question(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([(SERVICE << 3) | 2, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** What a HealthCheckResponse in its frame says: a number as field 1, and 0 where that is left out. */
function read(answer: Buffer): Finding {
  const message = answer.subarray(5);
  const isFrame = answer.length >= 5 && answer[0] === 0 && answer.readUInt32BE(1) === message.length;
  const isStatus = message.length === 0 || (message.length === 2 && message[0] === SERVICE << 3);
  if (!isFrame || !isStatus) return unwell('its answer is none of grpc.health.v1');
  const said = message[1] ?? 0;
  return said === SERVING ? WELL : unwell(SAYS[said] ?? `serving status ${said}`);
}
