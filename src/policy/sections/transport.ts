import { choice, duration, integer, section } from '../fields.ts';

/** The settings of `transport`. */
export const transport = section('How mesh.request, mesh.fetch and the axios adapter send.', {
  connections: integer({ default: 128, min: 1, max: 65_535, about: 'Connections to one endpoint, at most.' }),
  keepAlive: duration({
    default: '4s',
    min: '1ms',
    about: 'How long an idle connection is kept for the next request.',
  }),
  idle: duration({
    default: '30s',
    off: true,
    min: '1ms',
    about:
      'The longest silence between two parts of a body. The deadline ends with the headers; this watches what follows.',
  }),
  replay: integer({
    default: 65_536,
    min: 0,
    max: 16_777_216,
    about:
      'Bytes of a Request object kept so that it can be sent again. Text and buffers always can be; streams never are.',
  }),
  host: choice({
    default: 'endpoint',
    of: ['service', 'endpoint'],
    about: "What the Host header says: the endpoint's address, or the name of the service.",
  }),
});
