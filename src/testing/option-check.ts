import { MeshError } from '../core/errors.ts';

/** What a value has to be, in words, and whether it is. */
export type Check = readonly [what: string, is: (value: unknown) => boolean];

export const number = (least: number, most: number, what: string): Check => [
  what,
  (value) => typeof value === 'number' && value >= least && value <= most && Number.isFinite(value),
];
export const whole = (least: number): Check => [
  `a whole number of at least ${least}`,
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
];
export const oneOf = (...values: readonly string[]): Check => [
  `one of ${values.join(', ')}`,
  (value) => values.includes(value as string),
];
const MANY = Number.MAX_VALUE;
export const positive = number(Number.MIN_VALUE, MANY, 'a number above 0');
export const atLeast0 = number(0, MANY, 'a number of at least 0');
export const share = number(0, 1, 'a number from 0 to 1');
export const bool: Check = ['true or false', (value) => typeof value === 'boolean'];
export const text: Check = ['text', (value) => typeof value === 'string'];
export const object: Check = [
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
];
export const func: Check = ['a function', (value) => typeof value === 'function'];

/** Checks every option there is; `where` is what a complaint says first. @throws MeshError INVALID_ARGUMENT. */
export function check(where: string, checks: Readonly<Record<string, Check>>, given: object): void {
  if (!object[1](given)) refuse(where.replace(/[:.] ?$/, ''), object, given);
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, key)) {
      throw bad(`${where}${key}: no such field; there are ${Object.keys(checks).join(', ')}`);
    }
    if (value !== undefined && !checks[key]![1](value)) refuse(`${where}${key}`, checks[key]!, value);
  }
}

/** @throws MeshError INVALID_ARGUMENT, always. */
export function refuse(where: string, [what]: Check, value: unknown): never {
  throw bad(`${where} must be ${what}, got ${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export const bad = (message: string): MeshError => new MeshError('request', message);
