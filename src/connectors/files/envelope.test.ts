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
      listName: 'c#x',
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
    expect(envelopeOf(text)).toMatchObject({ hasNextPage, inherited: null, listName: null });
  });

  it('takes a context that is no text for none', () => {
    expect(envelopeOf('{"@odata.context":{"a":1},"value":[]}')).toMatchObject({
      inherited: null,
      listName: null,
    });
  });

  it('prefers the list of OData', () => {
    expect(envelopeOf('{"kind":"List","items":[],"value":[]}')?.listMember).toBe('value');
  });

  it.each([
    '{}',
    '{"id":null,"value":[]}',
    '{"value":null}',
    '{"items":[]}',
    '{"kind":"Thing","items":[]}',
    '{"x":{"value":[]}}',
  ])('takes %s for an item', (text) => {
    expect(envelopeOf(text)).toBeNull();
  });
});
