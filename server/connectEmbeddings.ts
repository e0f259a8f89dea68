// The project's vectors as the settings want them: made when a model is named for them, ended when it no longer is. It is part of the composition: it knows
// settings and what it hands over, and nothing of how either works.
import type { ConnectedProject } from './connectProject.ts';
import type { Log } from './core/log.ts';
import type { Clock } from './features/clock.ts';
import { ProjectEmbeddings } from './features/projectEmbeddings.ts';
import type { ReadDocument } from './features/readDocument.ts';
import type { Inference } from './inference/inference.ts';
import type { Session } from './session/session.ts';
import { embeddingModelOf, type Settings } from './session/settings.ts';

export interface ConnectEmbeddingsOptions {
  readonly session: Session;
  readonly project: Pick<ConnectedProject, 'view' | 'current'>;
  readonly documents: ReadDocument;
  /** An engine for vectors. */
  readonly makeInference: (settings: Settings) => Inference;
  readonly clock: Clock;
  readonly log: Log;
  /** The status is another one. */
  readonly onChange: () => void;
}

export interface ConnectedEmbeddings {
  /** Undefined while no model is named: then nothing is asked of any engine. */
  readonly current: () => ProjectEmbeddings | undefined;
  readonly settingsChanged: () => void;
  readonly dispose: () => Promise<void>;
}

export function connectEmbeddings({ session, project, makeInference, ...others }: ConnectEmbeddingsOptions): ConnectedEmbeddings {
  let current: ProjectEmbeddings | undefined;
  let inForce = '';
  return {
    current: () => current,
    settingsChanged: () => {
      const { settings } = session;
      const model = settings.context.enabled ? embeddingModelOf(settings.model) : undefined;
      const wanted = model ? JSON.stringify([model, settings.engine]) : '';
      if (wanted === inForce) return;
      inForce = wanted;
      void current?.dispose();
      current =
        model &&
        new ProjectEmbeddings({
          ...others,
          view: project.view,
          kept: () => project.current()?.vectors,
          openUris: () => session.documents.uris,
          inference: makeInference({ ...settings, model }),
        });
      void current?.run();
      others.onChange();
    },
    dispose: async () => current?.dispose(),
  };
}
