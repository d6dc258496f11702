import { registerHooks } from 'node:module';

// Gives whoever asks for OpenTelemetry the generation that is installed beside this file, so that tests and sources
// written once run with either. Used as `node --import ./test/support/otel-3/use.ts`.

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@opentelemetry/')) return next(specifier, context);
    const within = context.parentURL?.startsWith(new URL('node_modules/', import.meta.url).href);
    return next(specifier, within ? context : { ...context, parentURL: import.meta.url });
  },
});
