import { h, render } from '/lib/preact.js';
import { call, signIn } from './api.js';
import { App } from './app.js';
import { attempt, show } from './live.js';
import type { Me } from './model.js';
import { drawWith, readRoute, update } from './store.js';

const root = document.getElementById('app')!;
root.replaceChildren();
drawWith((state) => render(<App state={state} />, root));

/** The ticket of a link, which is taken out of the address before anything else is done. */
function takeTicket(): string | undefined {
  const found = /^#ticket=([\w-]+)$/.exec(location.hash)?.[1];
  if (found !== undefined) history.replaceState(null, '', '#/runs');
  return found;
}

async function start(): Promise<void> {
  const ticket = takeTicket();
  update({ route: readRoute(location.hash) });
  await attempt(async () => {
    // A link that was used already does no harm to who is signed in.
    const signedIn = ticket === undefined ? undefined : await signIn({ ticket }).catch(() => undefined);
    update({ me: signedIn ?? (await call<Me>('me')) });
    show(readRoute(location.hash));
  });
}

addEventListener('hashchange', () => {
  // A link that is opened in a page that is there already.
  if (location.hash.startsWith('#ticket=')) void start();
  else show(readRoute(location.hash));
});
void attempt(async () => {
  const response = await fetch('/lib/reasons.json');
  update({ meanings: (await response.json()) as Record<string, string> });
});
void start();
