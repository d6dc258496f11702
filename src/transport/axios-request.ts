import { PassThrough } from 'node:stream';
import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { MeshError } from '../core/errors.ts';
import type { Fields } from './headers.ts';
import type { BodyLike } from './payload.ts';

/** A request as axios wants it sent. */
export interface AxiosRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Fields;
  readonly body: BodyLike;
}

type Progress = NonNullable<InternalAxiosRequestConfig['onUploadProgress']>;

/** Reads what axios hands to its adapter: transforms have run, the URL is still in parts. @throws MeshError */
export function readConfig(config: InternalAxiosRequestConfig, instance: AxiosInstance): AxiosRequest {
  const headers = readHeaders(config);
  const body = readData(config.data, headers);
  const { auth, maxBodyLength = -1, onUploadProgress } = config;
  if (maxBodyLength > -1 && sizeOf(body) > maxBodyLength) throw tooLarge();
  if (auth) headers.authorization = `Basic ${btoaUtf8(`${auth.username ?? ''}:${auth.password ?? ''}`)}`;
  headers['user-agent'] ??= 'axios';
  if (config.decompress !== false) headers['accept-encoding'] ??= 'gzip, deflate, br';
  const isWatched = onUploadProgress !== undefined || (isStream(body) && maxBodyLength > -1);
  return {
    url: urlOf(config, instance),
    method: (config.method ?? 'get').toUpperCase(),
    headers,
    body: isWatched && body !== null ? watched(body, maxBodyLength, onUploadProgress) : body,
  };
}

const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

function urlOf(config: InternalAxiosRequestConfig, instance: AxiosInstance): string {
  const { baseURL, url = '', params, paramsSerializer, allowAbsoluteUrls } = config;
  if (params !== undefined && params !== null) {
    // What is undefined here must not hide what the instance has.
    const serializer = paramsSerializer === undefined ? {} : { paramsSerializer };
    const absolute = allowAbsoluteUrls === undefined ? {} : { allowAbsoluteUrls };
    const base = baseURL === undefined ? {} : { baseURL };
    return instance.getUri({ url, params, ...serializer, ...absolute, ...base });
  }
  if (!baseURL || (ABSOLUTE.test(url) && allowAbsoluteUrls !== false)) return url;
  return url === '' ? baseURL : `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}`;
}

function readHeaders({ headers }: InternalAxiosRequestConfig): Fields {
  const fields: Fields = {};
  for (const name in headers) {
    if (!Object.hasOwn(headers, name)) continue;
    const value = headers[name];
    if (value === undefined || value === null || value === false) continue; // axios: not to be sent
    fields[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return fields;
}

/** A form of the `form-data` package: a stream of the old kind, which knows its headers. */
interface LegacyForm {
  getHeaders(): Record<string, string>;
  hasKnownLength?(): boolean;
  getLengthSync?(): number;
  pipe<T extends NodeJS.WritableStream>(to: T): T;
}

function readLegacyForm(form: LegacyForm, headers: Fields): BodyLike {
  const own = form.getHeaders();
  for (const name of Object.keys(own)) headers[name.toLowerCase()] = own[name]!;
  if (form.hasKnownLength?.()) headers['content-length'] ??= String(form.getLengthSync!());
  return form.pipe(new PassThrough());
}

function readData(data: unknown, headers: Fields): BodyLike {
  if (data === undefined || data === null || data === '') return null;
  if (data instanceof FormData) delete headers['content-type']; // ours names the boundary
  if (typeof (data as Partial<LegacyForm>).getHeaders === 'function')
    return readLegacyForm(data as LegacyForm, headers);
  if (data instanceof Blob && data.type !== '') headers['content-type'] = data.type;
  const fits = typeof data === 'string' || data instanceof ArrayBuffer || data instanceof Blob || isBodyObject(data);
  if (fits) return data as BodyLike;
  throw new MeshError('request', 'Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream');
}

const isBodyObject = (data: unknown): boolean =>
  ArrayBuffer.isView(data) || data instanceof FormData || data instanceof URLSearchParams || isStream(data);

function isStream(data: unknown): data is AsyncIterable<Uint8Array | string> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}

/** Bytes of a body that is at hand; 0 where it is not known. */
function sizeOf(body: BodyLike): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return body.byteLength;
  return body instanceof Blob ? body.size : 0;
}

/** The body with somebody who counts its bytes. What is at hand stays so, and is told of at once. */
function watched(body: NonNullable<BodyLike>, limit: number, progress: Progress | undefined): BodyLike {
  if (!isStream(body)) {
    const total = sizeOf(body);
    progress?.({ loaded: total, total, bytes: total, progress: 1, lengthComputable: true, upload: true });
    return body;
  }
  return count(body, limit, progress);
}

async function* count(
  body: AsyncIterable<Uint8Array | string>,
  limit: number,
  progress: Progress | undefined,
): AsyncGenerator<Uint8Array | string> {
  let loaded = 0;
  for await (const chunk of body) {
    const bytes = Buffer.byteLength(chunk);
    loaded += bytes;
    if (limit > -1 && loaded > limit) throw tooLarge();
    progress?.({ loaded, bytes, lengthComputable: false, upload: true });
    yield chunk;
  }
}

const tooLarge = (): MeshError => new MeshError('request', 'Request body larger than maxBodyLength limit');

const btoaUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
