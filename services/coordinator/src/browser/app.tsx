import { Component, createRef, h, type JSX } from '/lib/preact.js';
import { call, signIn, signOut } from './api.js';
import { CompareView } from './compare-view.js';
import { attempt, show } from './live.js';
import type { Me } from './model.js';
import { RunView } from './run-view.js';
import { RunsView } from './runs-view.js';
import { current, type Route, type State, update } from './store.js';
import { TrainersView } from './trainers-view.js';
import { shown } from './words.js';

interface Props {
  readonly state: State;
}

/** The whole page. */
export class App extends Component<Props> {
  override render({ state }: Props): JSX.Element {
    if (state.me === undefined) {
      return <main class="quiet">{state.offline === '' ? 'One moment.' : state.offline}</main>;
    }
    if (state.me === null) return <SignIn problem={state.problem} />;
    return (
      <div class="frame">
        <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
          Skip to the content
        </button>
        <Head me={state.me} route={state.route} />
        <div role="status" class={state.offline === '' ? 'connection' : 'connection lost'}>
          {state.offline}
        </div>
        <main id="main" tabIndex={-1}>
          <Problem text={state.problem} />
          <View state={state} me={state.me} key={JSON.stringify(state.route)} />
        </main>
      </div>
    );
  }
}

function Head({ me, route }: { me: Me; route: Route }): JSX.Element {
  const link = (href: string, text: string, isHere: boolean): JSX.Element => (
    <a href={href} aria-current={isHere ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <header>
      <a class="brand" href="#/runs">
        <img src="/icon.svg" alt="" width="22" height="22" /> Onescan
      </a>
      <nav aria-label="Main">
        {link('#/runs', 'Runs', route.view !== 'trainers')}
        {link('#/trainers', 'Trainers', route.view === 'trainers')}
      </nav>
      <div class="who">
        <span title={`Signed in until ${new Date(me.until).toLocaleString()}; Onescan ${me.version}`}>
          {shown(me.name) || 'this machine'} <small>{me.roles.join(', ')}</small>
        </span>
        <button type="button" class="link" onClick={leave}>
          Sign out
        </button>
      </div>
    </header>
  );
}

async function leave(): Promise<void> {
  await signOut();
  update({ me: null });
}

/** A view takes the focus when it comes, so that a screen reader begins there. */
class View extends Component<{ state: State; me: Me }> {
  readonly #top = createRef<HTMLDivElement>();

  override componentDidMount(): void {
    if (current().me) this.#top.current?.querySelector('h1')?.focus();
    this.componentDidUpdate();
  }

  override componentDidUpdate(): void {
    const title = this.#top.current?.querySelector('h1')?.textContent ?? '';
    document.title = title === '' ? 'Onescan' : `${title} – Onescan`;
  }

  override render({ state, me }: { state: State; me: Me }): JSX.Element {
    return <div ref={this.#top}>{viewOf(state, me)}</div>;
  }
}

function viewOf(state: State, me: Me): JSX.Element {
  if (state.route.view === 'run') return <RunView state={state} me={me} />;
  if (state.route.view === 'compare') return <CompareView runs={state.compared} />;
  if (state.route.view === 'trainers') return <TrainersView state={state} />;
  return <RunsView state={state} />;
}

function Problem({ text }: { text: string }): JSX.Element {
  return (
    <div role="alert" class={text === '' ? '' : 'problem'}>
      {shown(text)}
    </div>
  );
}

function SignIn({ problem }: { problem: string }): JSX.Element {
  return (
    <main class="sign-in">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" /> Onescan
      </h1>
      <p>
        Open this page with the link that <code>onescan page</code> prints. Where the coordinator knows bearer
        tokens, one of these does as well.
      </p>
      <form onSubmit={submitToken}>
        <label for="token">Bearer token</label>
        <input id="token" name="token" type="password" autocomplete="off" required minLength={16} />
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      <Problem text={problem} />
    </main>
  );
}

function submitToken(event: Event): void {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const token = new FormData(form).get('token') as string;
  void signIn({ token }).then(
    async () => {
      form.reset();
      await attempt(async () => {
        update({ me: await call<Me>('me'), problem: '' });
        show(current().route);
      });
    },
    (thrown: unknown) => update({ problem: (thrown as Error).message }),
  );
}
