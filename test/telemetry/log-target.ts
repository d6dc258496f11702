import { EventEmitter } from 'node:events';
import type { LogTarget } from '../../src/telemetry/log-writer.ts';

/** Takes text, and has enough when told so. */
export class FakeTarget extends EventEmitter implements LogTarget {
  readonly written: string[] = [];
  full = false;
  writable = true;

  write(text: string): boolean {
    this.written.push(text);
    return !this.full;
  }

  get lines(): string[] {
    return this.written.join('').split('\n').slice(0, -1);
  }
}
