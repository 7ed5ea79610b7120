import { describe, expect, it } from 'vitest';
import { createJsonScanner } from '../../core/json-scan.ts';
import { type Envelope, envelopeMembers, readEnvelope } from './envelope.ts';

const scanner = createJsonScanner({ wanted: envelopeMembers, maxDepth: 64 });

function envelopeOf(text: string): Envelope | null {
  const bytes = new TextEncoder().encode(text);
  return readEnvelope(bytes, scanner.scan(bytes, 0, bytes.length));
}

describe('readEnvelope', () => {
  it('knows an OData collection, its context and that it is the last page', () => {
    expect(envelopeOf('{"@odata.context":"c\\u0023x","value":[1]}')).toEqual({
      listStart: 37,
      listMember: 'value',
      inherited: { '@odata.context': 'c#x' },
      hasNextPage: false,
    });
  });

  it.each([
    ['{"value":[],"@odata.nextLink":"https://next"}', true],
    ['{"value":[],"@odata.nextLink":null}', false],
    ['{"kind":"PodList","items":[],"metadata":{"continue":"x"}}', true],
    ['{"kind":"PodList","items":[],"metadata":{"continue":""}}', false],
    ['{"kind":"PodList","items":[],"metadata":{}}', false],
  ])('knows whether %s goes on', (text, hasNextPage) => {
    expect(envelopeOf(text)).toMatchObject({ hasNextPage, inherited: null });
  });

  it('takes a context that is no text for none', () => {
    expect(envelopeOf('{"@odata.context":{"a":1},"value":[]}')).toMatchObject({
      inherited: null,
    });
  });

  it.each(['nextLink', 'odata.nextLink', 'nextPageToken', 'NextToken'])('knows that %s goes on', (name) => {
    expect(envelopeOf(`{"value":[],"${name}":"x"}`)?.hasNextPage).toBe(true);
  });

  it.each([
    '{}',
    '{"id":null,"value":[]}',
    '{"value":null}',
    '{"items":[]}',
    '{"kind":"Thing","items":[]}',
    '{"x":{"value":[]}}',
    '{"kind":"List","items":[],"value":[]}',
    '{"name":"allowlist","enabled":true,"value":[]}',
    '{"arn":"arn:1","value":[{"id":1}]}',
    '{"apiVersion":"x/v1","kind":"AllowList","metadata":{"name":"a","uid":"u1"},"items":[]}',
    '{"value":[],"value":[1]}',
  ])('takes %s for an item', (text) => {
    expect(envelopeOf(text)).toBeNull();
  });
});
