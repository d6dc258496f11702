import { Readable } from 'node:stream';
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { systemClock, type Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import { collect, toText } from './bytes.ts';
import { codingsOf, decode } from './decode.ts';
import type { Fields } from './headers.ts';
import type { MeshResponse } from './response.ts';

/** Reads an answer as `config.responseType` wants it. `dueAt` is when `config.timeout` is over. */
export async function readAnswer(
  answer: MeshResponse,
  config: InternalAxiosRequestConfig,
  request: unknown,
  dueAt: number,
): Promise<AxiosResponse> {
  const { body, headers } = answer;
  const isPlain = headers['content-encoding'] === undefined && !config.onDownloadProgress;
  if (isPlain && body.complete && config.responseType !== 'stream') {
    return toResponse(answer, config, request, toData(await body.bytes(limitOf(config)), config), headers);
  }
  const codings = config.decompress === false || hasNoBody(answer, config) ? [] : codingsOf(headers);
  const source = codings.length > 0 ? decode(body.readable, codings) : undefined;
  const data = await readData(answer, source, config, dueAt);
  return toResponse(answer, config, request, data, source === undefined ? headers : withoutCoding(headers));
}

function toResponse(
  { statusCode: status, statusText }: MeshResponse,
  config: InternalAxiosRequestConfig,
  request: unknown,
  data: unknown,
  headers: Fields,
): AxiosResponse {
  return { data, status, statusText, headers: headers as AxiosResponse['headers'], config, request };
}

const limitOf = ({ maxContentLength = -1 }: InternalAxiosRequestConfig): number =>
  maxContentLength > -1 ? maxContentLength : Number.POSITIVE_INFINITY;

function withoutCoding({ 'content-encoding': _, ...headers }: Fields): Fields {
  return headers;
}

const hasNoBody = ({ statusCode }: MeshResponse, { method }: InternalAxiosRequestConfig): boolean =>
  statusCode === 204 || statusCode === 304 || method?.toUpperCase() === 'HEAD';

async function readData(
  answer: MeshResponse,
  source: Readable | undefined,
  config: InternalAxiosRequestConfig,
  dueAt: number,
): Promise<unknown> {
  const { responseType, onDownloadProgress } = config;
  const limit = limitOf(config);
  const isCounted = source !== undefined || onDownloadProgress !== undefined || responseType === 'stream';
  const total = Number(answer.headers['content-length'] ?? Number.NaN);
  const parts = isCounted ? count(source ?? answer.body.readable, limit, total, onDownloadProgress) : undefined;
  if (responseType === 'stream') {
    const plain = limit === Number.POSITIVE_INFINITY && onDownloadProgress === undefined;
    return plain ? (source ?? answer.body.readable) : Readable.from(parts!, { objectMode: false });
  }
  const timer = answer.body.over || dueAt === Number.POSITIVE_INFINITY ? undefined : watch(answer, dueAt);
  try {
    return toData(parts === undefined ? await answer.body.bytes(limit) : await collect(parts), config);
  } finally {
    timer?.cancel();
  }
}

/** `config.timeout` holds for the body too. */
function watch({ body }: MeshResponse, dueAt: number): Timer {
  const late = () => body.destroy(new MeshError('deadline', 'the body took too long', { sent: 'yes' }));
  return systemClock.schedule(Math.max(0, dueAt - systemClock.now()), late);
}

function toData(bytes: Buffer, { responseType, responseEncoding: encoding }: InternalAxiosRequestConfig): unknown {
  if (responseType === 'arraybuffer') return bytes;
  if (encoding === undefined || encoding === 'utf8') return toText(bytes);
  return bytes.toString(encoding as BufferEncoding);
}

async function* count(
  parts: Readable,
  limit: number,
  total: number,
  progress: InternalAxiosRequestConfig['onDownloadProgress'],
): AsyncGenerator<Buffer> {
  let loaded = 0;
  for await (const part of parts as AsyncIterable<Buffer>) {
    loaded += part.length;
    if (loaded > limit) throw tooLong(limit);
    const known = Number.isNaN(total) ? {} : { total, progress: loaded / total };
    progress?.({ loaded, bytes: part.length, lengthComputable: !Number.isNaN(total), download: true, ...known });
    yield part;
  }
}

const tooLong = (limit: number): RangeError => new RangeError(`the body is longer than ${limit} bytes`);
