/**
 * Follows topics of a statesync server, and proposes writes: docs/browser.md, docs/protocol-http.md. MIT licence.
 *
 * Tabs share a connection: the one that holds a Web Lock has the events and pulls, and hands every snapshot on over a
 * BroadcastChannel. When it goes, the next one gets the lock.
 */

const number = (text) => {
  if (/^(0|[1-9]\d{0,19})$/.test(text)) return text;
  throw new Error(`no revision: ${text}`);
};

/** Unsigned 64-bit numbers as texts without leading zeros: a longer one is larger. */
const compare = (a, b) => a.length - b.length || (a > b) - (a < b);

/** Whether version {epoch, revision} a is newer than b; whatever is there is newer than nothing. */
export const isNewer = (a, b) => !!a && (!b || (compare(a.epoch, b.epoch) || compare(a.revision, b.revision)) > 0);

/** A name that nobody else has; `crypto.randomUUID` wants TLS. */
export const uniqueId = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join('');

/** What is wrong with an answer: the server's words, if it sent a problem document. */
const failed = async (response) => {
  const problem = await response.json().catch(() => ({}));
  const { status } = response;
  return { message: problem.detail ?? `status ${status}`, status };
};

/** Calls somebody's function, whose errors are its own. */
const call = (listener, ...args) => {
  try {
    listener(...args);
  } catch (error) {
    reportError(error);
  }
};

/** A server, by its base URL. */
export function connect(base, options = {}) {
  const { tabs = true, inline = 16384, wait = 5000, headers, backoff = [100, 30000], onEvent = () => {} } = options;
  const url = new URL(base, location.href).href.replace(/\/$/, '');
  const id = uniqueId();
  const entries = new Map(); // by topic: what this tab follows, for itself and for others
  const wants = new Map(); // by tab: the topics of the others
  const shared = tabs && !!navigator.locks && !!window.BroadcastChannel;
  const channel = shared ? new BroadcastChannel(`statesync ${url}`) : null;
  const giveUp = new AbortController();
  let leading = false;
  let connected = false;
  let closed = false;
  let source = null; // the EventSource
  let lost = 0; // connections in a row that came to nothing
  let timer;
  let release = () => {};

  const say = (message) => closed || channel?.postMessage({ from: id, ...message });
  const tell = (kind, topic, more) => call(onEvent, { kind, topic, at: Date.now(), ...more });
  const request = (path, init) => fetch(`${url}/${path}`, { ...init, signal: AbortSignal.timeout(wait + 30000) });
  const delay = (failures) => Math.random() * Math.min(backoff[1], backoff[0] * 2 ** failures); // full jitter

  // ---- one topic

  function follow(topic) {
    const listeners = new Set();
    let held = null; // the newest state
    let target = null; // the newest version that was announced
    let pulling = false;
    let again = false; // one pull waits for the one under way, and never more
    let failures = 0;
    let error = null;
    let retry;

    const version = (m) => ({ epoch: number(m.epoch ?? held?.epoch ?? '0'), revision: number(m.revision) });
    const behind = () => isNewer(target, held);
    const status = () => ({ connected, leading, behind: behind(), error });
    const notify = () => listeners.forEach((listener) => call(listener, held, status()));
    const share = () => say({ topic, held, ...(leading && { error }) });

    /** The gate: takes a snapshot that is newer, and hands it on unless it came from another tab. */
    function offer(snapshot, fromTab) {
      const next = { ...version(snapshot), value: fromTab ? snapshot.value : snapshot.data };
      if (!isNewer(next, held)) return;
      held = next;
      tell('apply', topic, { epoch: next.epoch, revision: next.revision });
      if (!fromTab) share();
      notify();
    }

    function announced(event) {
      const next = version(event);
      tell('invalidation', topic, next);
      aim(next);
    }

    function aim(next) {
      if (isNewer(next, target)) target = next;
      if (behind()) pull();
    }

    function setError(next) {
      if (!error && !next) return;
      error = next;
      if (next) tell('error', topic, next);
      share();
      notify();
    }

    async function pull() {
      clearTimeout(retry);
      again = pulling;
      if (pulling || closed) return;
      pulling = true;
      const least = behind() && { minRevision: target.revision, minEpoch: target.epoch, wait };
      const query = new URLSearchParams({ topic, ...least });
      const known = held && { 'If-None-Match': `W/"${held.epoch}.${held.revision}"` };
      const began = Date.now();
      try {
        const response = await request(`snapshot?${query}`, { headers: { ...headers, ...known } });
        if (!response.ok && response.status !== 304) throw await failed(response);
        tell('pull', topic, { status: response.status, ms: Date.now() - began });
        if (response.ok) offer(await response.json());
        failures = again ? failures : 0;
        if (behind() && !again) throw new Error('the server is not yet where it said it was');
        setError(null);
      } catch (e) {
        setError({ phase: 'pull', message: e.message, status: e.status });
      }
      pulling = false;
      if (!entries.has(topic)) return;
      if (error) retry = setTimeout(pull, delay(++failures));
      else if (again && behind()) pull();
    }

    /** One proposal, asked once. */
    async function propose(value, base, proposalId) {
      const body = { topic, data: value, sourceId: id, proposalId };
      if (base) Object.assign(body, { baseRevision: base.revision, baseEpoch: base.epoch });
      const response = await request('proposals', {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const { ok, status } = response;
      if (!ok && status !== 409) {
        const problem = await failed(response);
        if (status >= 500 || status === 401) throw Object.assign(new Error(), problem);
        tell('rejected', topic, problem);
        return { outcome: 'rejected', reason: problem.message, status };
      }
      const answer = await response.json();
      const at = version(answer);
      const outcome = ok ? 'accepted' : 'conflict';
      tell(outcome, topic, at);
      if (ok) aim(at); // so that one reads one's own write
      else offer(answer);
      return ok ? { outcome, ...at } : { outcome, current: { ...at, value: answer.data } };
    }

    const get = () => held;
    const end = () => clearTimeout(retry);
    return { listeners, get, status, notify, offer, announced, setError, share, pull, propose, end, users: 0 };
  }

  const entry = (topic) => entries.get(topic) ?? entries.set(topic, follow(topic)).get(topic);

  // ---- the connection, of the tab that leads

  function setConnected(now) {
    if (connected !== now) tell(now ? 'connected' : 'disconnected');
    connected = now;
    if (leading) say({ connected });
    entries.forEach((each) => each.notify());
  }

  const mine = () => [...entries].filter(([, each]) => each.users).map(([topic]) => topic);

  /** Connects for all tabs' topics, unless it is. */
  function open() {
    clearTimeout(timer);
    const topics = new Set([...mine(), ...[...wants.values()].flat()]);
    entries.forEach((each, topic) => topics.has(topic) || (each.end(), entries.delete(topic)));
    const query = [...topics].map((topic) => `topic=${encodeURIComponent(topic)}&`).join('');
    const address = `${url}/events?${query}inline=${inline}`;
    if (source?.url === address && source.readyState < EventSource.CLOSED) return;
    source?.close();
    source = null;
    if (!leading || !query) return;
    const opened = (source = new EventSource(address));
    const hear = (what) => ({ data }) => {
      try {
        const event = JSON.parse(data);
        entry(event.topic)[what](event);
      } catch (e) {
        tell('error', undefined, { phase: 'event', message: e.message });
      }
    };
    opened.addEventListener('invalidation', hear('announced'));
    opened.addEventListener('snapshot', hear('offer'));
    opened.onopen = () => {
      lost = 0;
      setConnected(true);
    };
    opened.onerror = () => {
      if (opened !== source) return;
      setConnected(false); // the browser tries again, unless the answer was an error
      if (opened.readyState === EventSource.CLOSED) timer = setTimeout(open, delay(++lost));
    };
  }

  /** The topics of some tab have changed, perhaps many at once. */
  function changed() {
    say({ wants: mine() });
    clearTimeout(timer);
    timer = setTimeout(open);
  }

  function lead() {
    leading = true;
    say({ leader: true });
    changed();
    return new Promise((resolve) => (release = resolve));
  }

  if (shared) {
    channel.onmessage = ({ data: m }) => {
      if (m.leader) say({ wants: mine() });
      if (m.wants && leading) {
        const before = String(wants.get(m.from) ?? '');
        wants.set(m.from, m.wants);
        say({ connected });
        m.wants.forEach((topic) => entry(topic).share());
        if (before !== String(m.wants)) changed();
      }
      if ('connected' in m && !leading) setConnected(m.connected);
      const followed = entries.get(m.topic);
      if (m.held) followed?.offer(m.held, true);
      if ('error' in m && !leading) followed?.setError(m.error);
    };
    navigator.locks.request(`statesync ${url}`, { signal: giveUp.signal }, lead).catch(() => {}); // closed while waiting
  } else {
    lead();
  }

  return {
    topic(name) {
      const one = entry(name);
      const own = new Set();
      let over = false;
      if (!one.users++) changed();
      return {
        name,
        get: one.get,
        status: one.status,
        /** Calls `listener(state, status)`, now and on every change, until the function that it returns is called. */
        subscribe(listener) {
          const each = (...args) => listener(...args);
          own.add(each);
          one.listeners.add(each);
          call(each, one.get(), one.status());
          return () => one.listeners.delete(each);
        },
        /** Proposes a value that was made from `base`; null writes whatever the server is at. */
        propose: (value, base = one.get() ?? { revision: '0' }, proposalId = uniqueId()) => one.propose(value, base, proposalId),
        refresh: one.pull,
        close() {
          own.forEach((each) => one.listeners.delete(each));
          if (!over && !--one.users) changed();
          over = true;
        },
      };
    },
    /** Ends it all; another tab takes over. */
    close() {
      if (closed) return;
      say({ wants: [] });
      closed = true;
      leading = false;
      wants.clear();
      entries.forEach((each) => (each.users = 0));
      open();
      giveUp.abort();
      release();
      channel?.close();
    },
  };
}
