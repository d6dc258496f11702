// `inmesh/otel`: OpenTelemetry's SDK, started as the mesh would have it.
export { type StartOptions, startTelemetry, type Telemetry } from './telemetry/start.ts';
