import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitChat, linesAround } from '../../../server/core/prompt/fitChat.ts';

test('what fits is sent whole', () =>
  assert.deepEqual(fitChat({ fixedTokens: 10, historyTokens: [5, 5], attachments: [{ tokens: 20, mayBeCut: true }], budgetTokens: 100 }), {
    fits: true,
    droppedMessages: 0,
    attachmentTokens: [20],
  }));
test('a selection that does not fit is refused with what it needs', () =>
  assert.deepEqual(fitChat({ fixedTokens: 10, historyTokens: [], attachments: [{ tokens: 200, mayBeCut: false }], budgetTokens: 100 }), {
    fits: false,
    neededTokens: 210,
  }));
test('old turns go in pairs', () => {
  const fit = fitChat({ fixedTokens: 10, historyTokens: [30, 30, 30, 30], attachments: [], budgetTokens: 101 });
  assert.deepEqual(fit, { fits: true, droppedMessages: 2, attachmentTokens: [] });
});
test('a sliver of a file is not sent', () => {
  const fit = fitChat({ fixedTokens: 80, historyTokens: [], attachments: [{ tokens: 500, mayBeCut: true }], budgetTokens: 100 });
  assert.deepEqual(fit, { fits: true, droppedMessages: 0, attachmentTokens: [0] });
});
test('what is granted never exceeds the budget', () => {
  const attachment = fc.record({ tokens: fc.nat(500), mayBeCut: fc.boolean() });
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.array(fc.nat(200), { maxLength: 12 }),
      fc.array(attachment, { maxLength: 5 }),
      fc.nat(1500),
      (fixedTokens, historyTokens, attachments, budgetTokens) => {
        const fit = fitChat({ fixedTokens, historyTokens, attachments, budgetTokens });
        if (!fit.fits) return;
        const history = historyTokens.slice(fit.droppedMessages).reduce((sum, tokens) => sum + tokens, 0);
        const files = fit.attachmentTokens.reduce((sum, tokens) => sum + tokens, 0);
        assert.ok(fixedTokens + history + files <= budgetTokens);
      },
    ),
  );
});
test('lines grow evenly around the focus', () => assert.deepEqual(linesAround(Array(100).fill('1234'), 50, 25), { startLine: 48, endLine: 53 }));
test('at the end of a file all room goes upwards', () => assert.deepEqual(linesAround(Array(10).fill('1234'), 9, 25), { startLine: 5, endLine: 10 }));
test('a focus line that is too long gives nothing', () => assert.deepEqual(linesAround(['x'.repeat(100)], 0, 50), { startLine: 0, endLine: 0 }));
