// Owns the rule that the first line of a file is a comment: it says what the file owns and the invariant it keeps.

/** @type {import('eslint').Rule.RuleModule} */
export const firstLineComment = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'The first line must be a comment that says what this file owns.' }
  },
  create(context) {
    return {
      Program() {
        const firstLine = context.sourceCode.text.split('\n', 1)[0] ?? '';
        const says = /^(\/\/|\/\*\*?|<!--)\s*\S+/.test(firstLine);
        if (!says) context.report({ loc: { line: 1, column: 0 }, messageId: 'missing' });
      }
    };
  }
};
