import type {
  AnnounceOptions,
  CallOptions,
  CloseOptions,
  DependencyOptions,
  MeshOptions,
  RequestOptions,
} from 'inmesh';
import type {
  AboutCall,
  AccessLogOptions,
  CertificateOptions,
  FetchInit,
  FixedEndpoint,
  GuardOptions,
  IdentityOptions,
  IssuerOptions,
  MintOptions,
  RequestToAuthorize,
  ServeOptions,
  SignOptions,
  Stacks,
  TapMatch,
  TapOptions,
  TelemetryOptions,
} from 'inmesh/types';

// Options come from the environment, where each may be missing: `{ host: process.env.POD_IP }` has to compile also where
// `exactOptionalPropertyTypes` tells what is missing from what is undefined, as it does here.

/** What may be left out of `Options`, and may not be undefined. */
type Strict<Options> = {
  [Key in keyof Options]-?: object extends Pick<Options, Key>
    ? undefined extends Required<Options>[Key]
      ? never
      : Key
    : never;
}[keyof Options];

/** Compiles only where there is nothing of that kind. */
type None<_ extends never> = true;

export type Lenient = readonly [
  None<Strict<AboutCall>>,
  None<Strict<AccessLogOptions>>,
  None<Strict<AnnounceOptions>>,
  None<Strict<CallOptions>>,
  None<Strict<CertificateOptions>>,
  None<Strict<CloseOptions>>,
  None<Strict<DependencyOptions>>,
  None<Strict<Pick<FetchInit, 'mesh'>>>,
  None<Strict<FixedEndpoint>>,
  None<Strict<GuardOptions>>,
  None<Strict<IdentityOptions>>,
  None<Strict<IssuerOptions>>,
  None<Strict<MeshOptions>>,
  None<Strict<MintOptions>>,
  None<Strict<RequestOptions>>,
  None<Strict<RequestToAuthorize>>,
  None<Strict<ServeOptions>>,
  None<Strict<SignOptions>>,
  None<Strict<Stacks>>,
  None<Strict<TapMatch>>,
  None<Strict<TapOptions>>,
  None<Strict<TelemetryOptions>>,
];

// @ts-expect-error which tells the two apart
export type Told = None<Strict<{ readonly host?: string }>>;
