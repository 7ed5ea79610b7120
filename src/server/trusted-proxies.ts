import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * Which proxies are believed about whom they speak for: so many in a row before this server, or those at these
 * addresses. Never all that a client names: the first of X-Forwarded-For is what the client itself wrote.
 */
export type TrustedProxies = number | readonly string[];

const MAX_HOPS = 10;
/** Names for ranges: 127.0.0.0/8 and ::1, the link's own addresses, private networks. */
const RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** `0` (none), a number of proxies, or a list of addresses, networks (`10.0.0.0/8`) and names of ranges. */
export const trustedProxiesSchema = z
  .string()
  .default('0')
  .transform((text, context): TrustedProxies => {
    if (text === 'false') return 0;
    if (/^\d{1,2}$/.test(text) && Number(text) <= MAX_HOPS) return Number(text);
    const addresses = text.split(',').map((each) => each.trim());
    if (addresses.every(isAddress)) return addresses;
    context.addIssue(
      `is the number of proxies in front of this server (0 to ${MAX_HOPS}), or their addresses with "," between`,
    );
    return z.NEVER;
  });

function isAddress(text: string): boolean {
  if (RANGES.includes(text)) return true;
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return false;
  // A network of everybody (/0) is not a list of proxies.
  return prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** What Fastify takes: hops are counted from this server; by itself it would believe no number. */
export function trustProxies(
  trusted: TrustedProxies,
): false | string[] | ((address: string, hop: number) => boolean) {
  if (typeof trusted !== 'number') return [...trusted];
  return trusted === 0 ? false : (_address, hop) => hop < trusted;
}
