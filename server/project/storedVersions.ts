// What the stored rows depend on besides the files themselves. It knows numbers only: what follows from another number is the database's business.
import { factsVersion } from './languages/languages.ts';
import { skipRulesVersion } from './skipRules.ts';

export const storedVersions: Readonly<Record<string, string>> = { factsVersion: String(factsVersion), skipRulesVersion: String(skipRulesVersion) };
