// The chat view's page refuses everything but its own script and style sheets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatPage } from '../../client/chatPage.ts';

const page = chatPage({ cspSource: 'https://*.vscode-cdn.net', nonce: 'N0nce', scriptUri: 'https://x/chat.js?a=1&b="', styleUris: ['https://x/chat.css'] });
const policy = new Map(
  (/Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '').split('; ').map((rule) => {
    const [name = '', ...sources] = rule.split(' ');
    return [name, sources.join(' ')] as const;
  }),
);

test('the policy starts from nothing and allows one script by its nonce', () => {
  assert.equal(policy.get('default-src'), "'none'");
  assert.equal(policy.get('script-src'), "'nonce-N0nce'");
  assert.equal(policy.get('style-src'), 'https://*.vscode-cdn.net');
  assert.equal(policy.get('img-src'), 'https://*.vscode-cdn.net');
  assert.equal(policy.get('font-src'), 'https://*.vscode-cdn.net');
});

test('the policy lets nothing connect, frame or submit, and nothing inline run', () => {
  for (const name of ['connect-src', 'frame-src', 'child-src', 'worker-src', 'object-src', 'media-src']) assert.equal(policy.has(name), false, name);
  assert.equal(policy.get('form-action'), "'none'");
  assert.equal(policy.get('base-uri'), "'none'");
  assert.doesNotMatch(page, /unsafe-/);
});

test('an address cannot break out of its attribute', () => {
  assert.match(page, /src="https:\/\/x\/chat\.js\?a=1&amp;b=&quot;"/);
});
