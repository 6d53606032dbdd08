/** The inspector: looks into the stores of a server through statesync.js, and asks the server who else does. */

import { connect } from '/statesync/statesync.js';
import { renderClients } from './clients.js';
import { diff } from './diff.js';
import { $, element, fill, json, perFrame, remembered, setData, setText, time } from './dom.js';
import { Editor } from './editor.js';
import { Edits } from './edits.js';
import { Past } from './past.js';
import { Timeline } from './timeline.js';

const POLL_MS = 1000;
const DIFF_ROWS = 200;
const LINE = 200;

const lines = remembered((state) => json(state.value));
const line = remembered((state) => JSON.stringify(state.value).slice(0, LINE));
let compared = { pair: null, rows: [] };

const stores = new Map(); // by topic: {name, topic, past, editing, conflict, note}
let selected = null;
let streams = [];
let lastSeen = { instance: '', id: 0 };
const changed = perFrame(render);
const timeline = new Timeline(changed);

// Without states in the events, so that each step can be seen: invalidation, pull, apply.
const server = connect('/state', { inline: 0, onEvent: onPageEvent });
const edits = new Edits((name) => stores.get(name)?.topic, onSettled, onFailed, changed);
const editor = new Editor(edits, changed, false);

function onPageEvent(event) {
  timeline.add('page', event);
  if (event.kind === 'connected') setTimeout(() => edits.sendAll());
  changed();
}

function onSettled(edit, answer) {
  const store = stores.get(edit.topic);
  if (store) editor.settled(store, edit, answer);
}

function onFailed({ topic }, { message }) {
  timeline.add('page', { kind: 'error', phase: 'propose', topic, message, at: Date.now() });
  changed();
}

function addStore(name) {
  const store = { name, topic: server.topic(name), past: new Past(), editing: null, conflict: null, note: null };
  stores.set(name, store);
  let last = null;
  store.topic.subscribe((state) => {
    if (state && state !== last) store.past.add(state);
    last = state;
    changed();
  });
  if (!selected) select(store);
}

function select(store) {
  selected = store;
  editor.select(store);
  changed();
}

// ---- what only the server knows

async function poll() {
  try {
    const query = new URLSearchParams({ instance: lastSeen.instance, after: lastSeen.id });
    const response = await fetch(`/inspector/now?${query}`, { signal: AbortSignal.timeout(10 * POLL_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const now = await response.json();
    streams = now.streams;
    timeline.add('server', ...now.events.map(fromServer));
    lastSeen = { instance: now.instance, id: now.events.at(-1)?.id ?? (now.instance === lastSeen.instance ? lastSeen.id : 0) };
    editor.readOnly = now.readOnly;
    now.topics.filter((name) => !stores.has(name)).forEach(addStore);
  } catch {
    streams = null; // the connection's state says that it is away
  }
  changed();
  setTimeout(poll, POLL_MS);
}

function fromServer({ by, message, ...event }) {
  return { ...event, message: [message, by && `by ${by}`].filter(Boolean).join(', ') };
}

// ---- what is seen

function render() {
  renderConnection();
  renderStores();
  if (selected) {
    renderState(selected);
    editor.render();
  }
  renderClients(streams, (name) => stores.get(name)?.topic.get());
  timeline.render();
}

function renderConnection() {
  const status = [...stores.values()][0]?.topic.status();
  const failing = [...stores.values()].find((store) => store.topic.status().error);
  const open = status?.connected ?? false;
  setData($('connection'), 'state', open ? (failing ? 'failing' : 'open') : 'lost');
  setText($('connection'), connectionText(status, failing));
  const waiting = edits.waiting.filter((edit) => edit.problem || !open); // the others are just being sent
  setText($('waiting'), waiting.length ? `${waiting.length} ${waiting.length === 1 ? 'edit waits' : 'edits wait'}` : '');
  fill($('edits'), waiting, makeWaiting, (row, edit) => {
    setText(row.firstElementChild, `${edit.topic}, made from revision ${edit.base.revision}`);
    row.lastElementChild.onclick = () => edits.drop(edit);
  });
}

function connectionText(status, failing) {
  if (!status) return 'connecting';
  if (!status.connected) return 'not connected; tries again';
  if (failing) return `connected, but ${failing.name} cannot be read: ${failing.topic.status().error.message}`;
  return status.leading ? 'connected' : 'connected through another tab';
}

function makeWaiting() {
  const row = element('li');
  const drop = element('button', '', 'Drop');
  drop.type = 'button';
  row.append(element('span'), drop);
  return row;
}

function renderStores() {
  fill($('store-list'), [...stores.values()], makeStore, (row, store) => {
    const button = row.firstElementChild;
    const state = store.topic.get();
    button.onclick = () => select(store);
    button.setAttribute('aria-current', String(store === selected));
    setText(button.children[0], store.name);
    setText(button.children[1], state ? `revision ${state.revision}${store.conflict ? ', conflict' : ''}` : 'no state yet');
    setText(button.children[2], state ? line(state) : '');
  });
}

function makeStore() {
  const row = element('li');
  const button = row.appendChild(element('button'));
  button.type = 'button';
  button.append(element('strong'), element('span'), element('span'));
  return row;
}

function renderState({ name, past }) {
  const { current } = past;
  const last = past.states.length - 1;
  setText($('store-name'), name);
  setText($('revision'), current?.revision ?? '–');
  setText($('epoch'), current?.epoch ?? '–');
  setText($('seen'), current ? time(current.at) : '–');
  setText($('showing'), past.shown ? `past, ${last - past.index} back` : 'newest');
  $('when').max = String(Math.max(0, last));
  if (document.activeElement !== $('when') || !past.shown) $('when').value = String(past.index);
  $('older').disabled = past.index <= 0;
  $('newer').disabled = $('newest').disabled = !past.shown;
  setText($('value'), current ? lines(current) : '');
  renderDiff(past);
}

function renderDiff(past) {
  const pair = past.pair($('against').value);
  if (pair?.[0] !== compared.pair?.[0] || pair?.[1] !== compared.pair?.[1]) {
    compared = { pair, rows: pair ? diff(pair[0].value, pair[1].value) : [] };
  }
  const { rows } = compared;
  const between = pair ? `revision ${pair[0].revision} to ${pair[1].revision}` : 'nothing to compare with';
  setText($('diff-between'), pair && !rows.length ? `${between}: the same` : between);
  fill($('diff'), rows.slice(0, DIFF_ROWS), () => {
    const row = element('li');
    row.append(element('span', 'path'), element('span', 'side'));
    return row;
  }, (row, { path, kind, before, after }) => {
    setData(row, 'kind', kind);
    setText(row.children[0], path);
    const texts = { added: ['added', after], removed: ['removed', before] }[kind];
    setText(row.children[1], texts ? `${texts[0]} ${JSON.stringify(texts[1])}` : `${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  });
}

function onPast(id, event, action) {
  $(id).addEventListener(event, () => {
    if (!selected) return;
    action(selected.past);
    changed();
  });
}

onPast('older', 'click', (past) => past.show(past.index - 1));
onPast('newer', 'click', (past) => past.show(past.index + 1));
onPast('newest', 'click', (past) => past.show(Infinity));
onPast('when', 'input', (past) => past.show(Number($('when').value)));
onPast('pin', 'click', (past) => {
  past.pinned = past.current;
  $('against').value = 'pinned';
});
onPast('against', 'change', () => {});

poll();
