/** What the name of a service may look like: with two dots side by side it would be no host in a URL. */
export const SERVICE_NAME = /^(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
