/** Stands in an answer of 503 by which a server says that it did nothing and that another may be asked. Finagle's. */
export const NACK_HEADER = 'finagle-http-nack';
