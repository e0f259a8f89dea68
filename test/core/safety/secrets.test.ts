import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsSecret } from '../../../server/core/safety/secrets.ts';

// Put together here, so that no tool takes this file for a leak.
const join = (...parts: readonly string[]) => parts.join('');
const secrets: readonly [name: string, text: string][] = [
  ['a private key', join('-----BEGIN RSA ', 'PRIVATE KEY-----\nMIIE')],
  ['an OpenSSH key', join('-----BEGIN OPENSSH ', 'PRIVATE KEY-----')],
  ['an access key of AWS', join('AKIA', 'Q3EGUZPLMWQX4RTD')],
  ['a token of GitHub', join('ghp_', 'k7Rz0pQ2vX9mL4cN8bT1yW6sD3fG5hJ0aE2u')],
  ['a key of OpenAI', join('sk-proj-', 'Zk3mQ9wX7vB2nL5pR8tY1cD4')],
  ['a key of Stripe', join('sk_live_', '9wQz7XvB2nL5pR8tY1cD4mK3')],
  ['a token of Slack', join('xoxb-', '7389214563-Zk3mQ9wX7vB2')],
  ['a web token', join('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiI5ODc2NTQifQ', '.dBjftJeZ4CVPmB92K27uhbUJU1p1r')],
  ['a password in an address', 'postgres://app:q8Zt4mLp2x@db.internal/app'],
  ['a random literal that is called a key', "apiKey = 'q8Zt4mLp2xW7vB9nR3yK'"],
  ['a random hexadecimal secret', 'client_secret: "9f8e3b7a1c4d6052e7f1a8b3c9d40e6f"'],
  ['a literal begun before the cursor', 'password = "q8Zt4mLp2xW7vB9nR3yK"'],
];
for (const [name, text] of secrets) test(`${name} is a secret`, () => assert.equal(holdsSecret(text), true));

const harmless: readonly [name: string, text: string][] = [
  ['a placeholder of documentation', "apiKey = 'YOUR_API_KEY_GOES_HERE_1234'"],
  ['the example key of AWS', 'AKIAIOSFODNN7EXAMPLE'],
  ['a variable of the environment', 'const token = process.env.GITHUB_TOKEN_FOR_RELEASES;'],
  ['an interpolation', 'password: "${DB_PASSWORD_FROM_VAULT_9x}"'],
  ['words', "const secretMessage = 'the quick brown fox jumps'"],
  ['a name in code', 'const tokenEstimate = new TokenEstimateForKeystrokes2();'],
  ['a public key', '-----BEGIN PUBLIC KEY-----'],
  ['a checksum', "const sha256 = '9f8e3b7a1c4d6052e7f1a8b3c9d40e6f'"],
  ['a password of a development database', 'postgres://postgres:postgres@localhost/app'],
  ['a key of an object', "tokens['completion-window-size'] = 'prefix-and-suffix-share'"],
  ['stars', 'password = "****************"'],
];
for (const [name, text] of harmless) test(`${name} is none`, () => assert.equal(holdsSecret(text), false));
