/** What an error says; of what is none, but was thrown all the same, its text. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    return 'an object'; // `Object.create(null)` has no text, and asking for it throws
  }
}
