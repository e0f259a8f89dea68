// Which files are taken to hold secrets, by their path alone. What is ordinary code stays in, whatever it is called (`credentials.ts`); of everything
// else one file too many is left out rather than one too few. It knows names; it must not know what files hold.

/** Folders of tools that keep keys and tokens in them. */
const secretFolders = new Set('.ssh .gnupg .aws .azure .kube .docker .password-store .gcloud .secrets .credentials .vault .gem .chef'.split(' '));
/** Keys, key stores, password stores, states that hold them in plain text. */
const extensions = new Set(
  'pem key p8 pk8 pkcs8 p12 pkcs12 pfx jks jceks bks keystore keytab keychain kdb kdbx psafe3 ppk asc gpg agekey ovpn tfstate tfvars mobileprovision kubeconfig'.split(
    ' ',
  ),
);
const names = new Set(
  (
    '.netrc _netrc .npmrc .yarnrc.yml .pypirc .git-credentials .pgpass pgpass.conf .my.cnf .mylogin.cnf .htpasswd htpasswd .passwd .dockercfg .dockerconfigjson ' +
    '.vault-token .vault_token .s3cfg .boto .terraformrc terraform.rc wp-config.php master.key known_hosts authorized_keys auth.json kubeconfig ' +
    'local.settings.json sftp.json sftp-config.json rclone.conf .rclone.conf .bash_history .zsh_history .python_history .node_repl_history .psql_history ' +
    '.mysql_history .sqlite_history .rediscli_history secrets.sh secret.sh credentials.sh'
  ).split(' '),
);
/** Endings of copies and examples: what a secret's copy holds is no less secret, and an example is often the real one, changed a little. */
const copyEnding = /(?:~|[._-](?:bak|backup|old|orig|save|saved|copy|tmp|dist|defaults?|example|sample|template|tmpl|enc|\d{1,8}))$/;
/** What is written in these is code, markup or documentation: a secret in one is no matter of its name. */
const codeExtension =
  /\.(?:[cm]?[jt]sx?|vue|svelte|astro|py[iwx]?|ipynb|go|rs|java|kts?|scala|groovy|gradle|c|h|cc|cpp|cxx|hh|hpp|hxx|inl|ipp|mm?|cs|fs|vb|swift|rb|erb|rake|php|pl|pm|lua|r|jl|dart|ex|exs|erl|hrl|hs|ml|mli|clj[cs]?|elm|nim|zig|d|sol|sh|bash|zsh|fish|ps1|bat|cmd|sql|graphql|proto|thrift|tf|hcl|nix|cmake|css|scss|sass|less|svg|html?|md|mdx|rst|adoc|pub|crt|cer)$/;
const privateKey = /^id_(?:rsa|dsa|ecdsa|ed25519)|(?:^|[._-])(?:rsa|dsa|ecdsa|ed25519)(?:[._-]?key)?$|^ssh_host_\w+_key$|private[._-]?key/;
/** As the first or the last word of a name: `secrets.yaml`, `db-credentials.json`, `client_secret_123.apps.json`. */
const atEitherEnd = new Set(['secret', 'secrets', 'credential', 'credentials', 'creds', 'kubeconfig']);
/** As the last word only: `password-reset.txt` is a letter to somebody. */
const atTheEnd = new Set(['password', 'passwords', 'passwd', 'passphrase']);

/** @param path relative, with `/` */
export function isSecretPath(path: string): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  const lower = name.toLowerCase();
  const folders = parts.map((part) => part.toLowerCase());
  // Whatever begins so is one, a folder of such files too: even `.env.example` holds a real key often enough.
  if (lower.startsWith('.env') || names.has(lower) || folders.some((folder, at) => isSecretFolder(folder, folders[at - 1]))) return true;
  const bare = withoutCopyEndings(name);
  if (codeExtension.test(lower) || codeExtension.test(bare.toLowerCase())) return false;
  return folders.some((folder) => folder === 'secrets' || folder === 'credentials') || isSecretName(bare);
}

function isSecretFolder(folder: string, above: string | undefined): boolean {
  return folder.startsWith('.env') || secretFolders.has(folder) || (folder === 'gcloud' && above === '.config');
}

/** Of what is no code. */
function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  if (names.has(lower) || privateKey.test(lower) || /\.env(?:[._-]|$)|^\.(?:secret|credential)|^client_?secret/.test(lower)) return true;
  const parts = lower.split('.');
  // `terraform.tfvars.json` and `key.pem.txt` are what they were before somebody added an ending.
  if (parts.slice(1).some((part, at, all) => extensions.has(part) && at >= all.length - 2)) return true;
  if (lower.endsWith('.json') && /service[-_]?account|firebase-adminsdk/.test(lower)) return true;
  const words = wordsOf(name);
  return atEitherEnd.has(words[0] ?? '') || words.slice(-2).some((word) => atEitherEnd.has(word) || atTheEnd.has(word));
}

/** `key.pem.bak`, `.env~`, `credentials.json.example`; more than one on top of another. */
function withoutCopyEndings(name: string): string {
  let bare = name;
  for (let count = 0; count < 4; count++) {
    const shorter = bare.replace(copyEnding, '');
    if (shorter === bare || shorter === '') break;
    bare = shorter;
  }
  return bare;
}

/** With what stands behind the last dot, which may be a word of the name. */
function wordsOf(name: string): string[] {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1-$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
