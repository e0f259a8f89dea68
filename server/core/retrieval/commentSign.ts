// With which sign a line of comment begins in a language, as far as context needs it: to name the file that a piece is from. It knows language ids.

const hashLanguages = new Set([
  'python',
  'ruby',
  'shellscript',
  'yaml',
  'toml',
  'perl',
  'r',
  'julia',
  'elixir',
  'makefile',
  'dockerfile',
  'powershell',
  'coffeescript',
  'nix',
]);

/** @returns `#` or `//`: for the few languages that have neither, what most models read as a comment */
export function commentSignOf(languageId: string): '#' | '//' {
  return hashLanguages.has(languageId) ? '#' : '//';
}
