// Answers what the server asks of the editor's own language services: definitions, type definitions and document symbols, as whatever extensions there are
// provide them. It knows the editor's commands; it must not know what the answers are for.
//
// A provider cannot be interrupted. So while one has not answered yet, nothing more is asked for its document, however often the server gives up.
import type { CancellationToken, Location, LocationLink, TextDocument } from 'vscode';
import { commands, type DocumentSymbol, Position, type SymbolInformation, Uri, workspace } from 'vscode';
import { type DeclaredPlace, type LanguageServicesParams, type LanguageServicesResult, mostPlaces } from '../server/protocol/languageServices.ts';
import { membersAt } from './symbolMembers.ts';

type Nothing = Extract<LanguageServicesResult, { outcome: 'nothing' }>['why'];

export class LanguageServices {
  /** Documents for which a provider is at work. */
  readonly #busy = new Set<string>();

  async answer(params: LanguageServicesParams, token: CancellationToken): Promise<LanguageServicesResult> {
    const { uri, version } = params.textDocument;
    const document = workspace.textDocuments.find((one) => one.uri.toString() === uri);
    if (!document) return nothing('notOpen');
    if (document.version !== version) return nothing('otherVersion');
    if (this.#busy.has(uri)) return nothing('busy');
    this.#busy.add(uri);
    const found = (params.ask === 'types' ? typesAt(document, params.position) : membersOf(params.place))
      .catch(() => nothing('unknown'))
      .finally(() => this.#busy.delete(uri));
    const cancelled = new Promise<LanguageServicesResult>((resolve) => token.onCancellationRequested(() => resolve(nothing('busy'))));
    return Promise.race([found, cancelled]);
  }
}

async function typesAt(document: TextDocument, { line, character }: { readonly line: number; readonly character: number }): Promise<LanguageServicesResult> {
  const position = new Position(line, character);
  const ask = async (command: string): Promise<readonly (Location | LocationLink)[]> => {
    const found = await commands.executeCommand<(Location | LocationLink)[] | undefined>(command, document.uri, position);
    return Array.isArray(found) ? found : [];
  };
  // Either may be missing or fail by itself.
  const [types, definitions] = (await Promise.allSettled([ask('vscode.executeTypeDefinitionProvider'), ask('vscode.executeDefinitionProvider')])).map(
    (settled) => (settled.status === 'fulfilled' ? settled.value : []),
  );
  if (!types || !definitions || types.length + definitions.length === 0) return nothing('unknown');
  const inside = placesInside(types);
  return { outcome: 'types', types: inside, definitions: placesInside(definitions), isElsewhere: types.length > 0 && inside.length === 0 };
}

async function membersOf({ uri, position }: DeclaredPlace): Promise<LanguageServicesResult> {
  const target = Uri.parse(uri, true);
  if (!workspace.getWorkspaceFolder(target)) return nothing('outside');
  const symbols = await commands.executeCommand<(DocumentSymbol | SymbolInformation)[] | undefined>('vscode.executeDocumentSymbolProvider', target);
  const trees = (Array.isArray(symbols) ? symbols : []).filter((one): one is DocumentSymbol => 'selectionRange' in one && 'children' in one);
  const found = membersAt(trees, position);
  return found && found.name !== '' && found.members.length > 0 ? { outcome: 'members', name: found.name, members: [...found.members] } : nothing('unknown');
}

function placesInside(places: readonly (Location | LocationLink)[]): DeclaredPlace[] {
  const inside = places.flatMap((place): DeclaredPlace[] => {
    const uri = 'targetUri' in place ? place.targetUri : place.uri;
    const { line, character } = ('targetUri' in place ? (place.targetSelectionRange ?? place.targetRange) : place.range).start;
    return workspace.getWorkspaceFolder(uri) ? [{ uri: uri.toString(), position: { line, character } }] : [];
  });
  return inside.slice(0, mostPlaces);
}

function nothing(why: Nothing): LanguageServicesResult {
  return { outcome: 'nothing', why };
}
