// Calls an endpoint over TLS, and prints what it says. Whom Node trusts is settled when it starts.
import { createTransport } from '../../../../src/transport/transport.ts';
import { TestCaller } from '../../../support/caller.ts';

const caller = new TestCaller({ orders: [process.argv[2] ?? ''] });
const transport = createTransport(caller.env, caller);
const { statusCode, body } = await transport.request('http://orders/');
console.log(statusCode, await body.text());
await transport.close();
