import { z } from 'zod';

/**
 * The 200 of a route that sends a stream, to be spread into its `response`: described in the OpenAPI document, and
 * without members, so that the handler may send what it likes.
 */
export function streamedAnswer(mediaType: string, description: string): Record<never, never> {
  return { 200: { description, content: { [mediaType]: { schema: z.string() } } } };
}
