// Owns the import walls: which part of the tree may import which, in one table; whatever the table does not allow is refused.
import path from 'node:path';

/**
 * A part of src/ and what it may import. `from` and `allowed` match paths relative to the repository (`src/wire/errors.js`), query included.
 * `types` may be imported as types only. `libraries` matches package names as they are written.
 * @typedef {{ from: RegExp, allowed: RegExp[], types?: RegExp[], libraries: (name: string) => boolean, says: string }} Wall
 */

const isPageLibrary = (/** @type {string} */ name) =>
  /^(svelte|@sveltejs|bits-ui|\$app|\$env|\$service-worker)(\/|$)/.test(name);
const isAnyLibrary = () => true;

/** @type {Wall[]} The first whose `from` matches counts. */
const walls = [
  {
    from: /^src\/wire\/gen\//,
    allowed: [/^src\/wire\//],
    libraries: (name) => name.startsWith('@bufbuild/protobuf'),
    says: 'generated messages import the protobuf runtime alone'
  },
  { from: /^src\/wire\//, allowed: [/^src\/wire\//], libraries: () => false, says: 'src/wire imports nothing' },
  {
    from: /^src\/worker\//,
    allowed: [/^src\/worker\//, /^src\/wire\//, /^wasm\/pkg\//],
    libraries: (name) => !isPageLibrary(name),
    says: 'src/worker imports only src/wire, wasm/pkg and libraries'
  },
  {
    from: /^src\/server\//,
    allowed: [/^src\/server\//, /^src\/wire\//],
    libraries: (name) => !isPageLibrary(name),
    says: 'src/server imports only src/wire and libraries'
  },
  {
    from: /^src\/lib\/ui\//,
    allowed: [/^src\/lib\/ui\//],
    libraries: isAnyLibrary,
    says: 'lib/ui knows nothing of the wallet'
  },
  {
    from: /^src\/lib\/wallet\//,
    // `?worker&url` and `?url` give addresses, no code.
    allowed: [
      /^src\/lib\/(wallet|ui)\//,
      /^src\/wire\//,
      /^src\/worker\/main\.(ts|js)\?worker&url$/,
      /^wasm\/pkg\/[^/]+\.wasm\?url$/
    ],
    types: [/^src\/worker\/api\.(ts|js)$/],
    libraries: isAnyLibrary,
    says: 'lib/wallet imports lib/ui, src/wire, the address of the worker, and src/worker/api as types'
  },
  {
    from: /^src\/(routes|lib)\//,
    allowed: [/^src\/(routes|lib)\//],
    libraries: isAnyLibrary,
    says: 'routes import lib only'
  },
  {
    from: /^src\/service-worker\.ts$/,
    allowed: [],
    libraries: isAnyLibrary,
    says: 'the service worker imports libraries only'
  }
];

/** Unit tests stand beside the file they test, and may use the helpers of tests/ too. */
const testHelpers = /^tests\//;

/** @type {import('eslint').Rule.RuleModule} */
export const importWalls = {
  meta: { type: 'problem', schema: [], messages: { wall: '{{says}}; not {{target}}.' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const wall = walls.find(({ from }) => from.test(file));
    if (!wall) return {};
    const isTest = file.endsWith('.test.ts');
    /** @param {any} node @param {any} source @param {boolean} isType */
    const check = (node, source, isType) => {
      if (typeof source?.value !== 'string') return;
      const target = resolve(file, source.value);
      if (!isAllowed(wall, target, isType, isTest))
        context.report({ node, messageId: 'wall', data: { says: wall.says, target: source.value } });
    };
    return {
      ImportDeclaration: (/** @type {any} */ node) => check(node, node.source, isTypeImport(node)),
      ExportNamedDeclaration: (/** @type {any} */ node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (/** @type {any} */ node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (/** @type {any} */ node) => check(node, node.source, false),
      TSImportType: (/** @type {any} */ node) => check(node, node.source ?? node.argument?.literal, true)
    };
  }
};

/** @param {any} node */
function isTypeImport(node) {
  const { specifiers } = node;
  return (
    node.importKind === 'type' ||
    (specifiers.length > 0 && specifiers.every((/** @type {any} */ one) => one.importKind === 'type'))
  );
}

/**
 * @param {string} file
 * @param {string} source
 * @returns {{ path: string } | { library: string }}
 */
function resolve(file, source) {
  if (source === '$lib' || source.startsWith('$lib/')) return { path: `src/lib${source.slice('$lib'.length)}` };
  if (source.startsWith('/')) return { path: source };
  if (source.startsWith('.')) return { path: path.posix.join(path.posix.dirname(file), source) };
  return { library: source };
}

/**
 * @param {Wall} wall
 * @param {{ path: string } | { library: string }} target
 * @param {boolean} isType
 * @param {boolean} isTest
 */
function isAllowed(wall, target, isType, isTest) {
  if ('library' in target) return wall.libraries(target.library) || (isTest && /^(vitest|node:)/.test(target.library));
  const matches = (/** @type {RegExp[]} */ patterns) => patterns.some((pattern) => pattern.test(target.path));
  return matches(wall.allowed) || (isType && matches(wall.types ?? [])) || (isTest && testHelpers.test(target.path));
}
