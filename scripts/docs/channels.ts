import { events } from '../../src/core/events.ts';
import { tracing } from '../../src/telemetry/channels.ts';
import { code, grid, made } from './page.ts';

/** The reference of the channels of `node:diagnostics_channel`. */
export function channelsPage(): string {
  return [
    made('src/telemetry/channels.ts and src/core/events.ts'),
    '# Channels',
    'What the mesh publishes in `node:diagnostics_channel`, for all meshes of the process. Free while nobody subscribes. A subscriber that throws ends the process, as Node has it for these channels.',
    '## Tracing channels',
    'For `tracingChannel(name)`. One object for each, fuller at its end than at its start; a store that is bound to `start` is there while the work runs.',
    grid(
      ['channel', 'of what', 'message'],
      Object.entries(tracing).map(([name, { about, message }]) => [code(name), about, message.map(code).join(', ')]),
    ),
    '## Events',
    'For `subscribe(name, …)`. The message is [the event](events.md).',
    grid(
      ['channel', 'meaning'],
      Object.entries(events).map(([type, about]) => [code(`inmesh:${type}`), about]),
    ),
    '',
  ].join('\n\n');
}
