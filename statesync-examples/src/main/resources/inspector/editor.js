/** The form that edits a store's value, and the two sides of a conflict. */

import { $, json, setData, setText } from './dom.js';

const sayVersion = (state) => `revision ${state.revision}`;

/** One store's editing: {base, text} while somebody edits, {edit, theirs} in a conflict. */
export class Editor {
  store = null;

  constructor(edits, changed, readOnly) {
    Object.assign(this, { edits, changed, readOnly });
    $('edit').onclick = () => this.begin();
    $('discard').onclick = () => this.end('Discarded.');
    $('propose').onclick = () => this.propose();
    $('draft').oninput = ({ target }) => (this.store.editing.text = target.value);
    $('draft').onkeydown = (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault(); // the key would go on to what is focused then
      this.propose();
    };
    $('keep-mine').onclick = () => this.resolve(({ edit, theirs }) => this.send(edit.value, theirs));
    $('take-theirs').onclick = () => this.resolve(() => this.say('Theirs is kept; your edit is dropped.'));
    $('edit-again').onclick = () => this.resolve(({ edit, theirs }) => this.begin(edit.value, theirs));
  }

  /** Shows another store. */
  select(store) {
    this.store = store;
    this.load();
  }

  say(text, tone = '', store = this.store) {
    store.note = { text, tone };
    this.changed();
  }

  begin(value, base = this.store.topic.get()) {
    if (!base) return;
    this.store.editing = { base, text: json(value ?? base.value) };
    this.load();
    this.say('Ctrl+Enter proposes it.');
    this.render(); // what is disabled cannot be focused
    $('draft').focus();
  }

  end(text, tone) {
    this.store.editing = null;
    this.load();
    this.say(text, tone);
    this.render();
    $('edit').focus();
  }

  load() {
    $('draft').value = this.store.editing?.text ?? '';
    $('draft').removeAttribute('aria-invalid');
    this.changed();
  }

  propose() {
    const { base, text } = this.store.editing ?? {};
    if (!base) return;
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      $('draft').setAttribute('aria-invalid', 'true');
      $('draft').focus();
      this.say(`Not JSON: ${error.message}`, 'bad');
      return;
    }
    this.end('Sent.');
    this.send(value, base);
  }

  send(value, base) {
    const store = this.store;
    const state = { value: base.value, epoch: base.epoch, revision: base.revision };
    this.edits.propose(store.name, value, state).then(() => {
      if (this.edits.waiting.some((edit) => edit.topic === store.name)) {
        this.say('The server cannot be asked: the edit waits, and is sent when it is back.', '', store);
      }
    });
  }

  /** What became of an edit of some store. */
  settled(store, edit, answer) {
    if (answer.outcome === 'accepted') {
      this.say(`Written as ${sayVersion(answer)}.`, 'good', store);
    } else if (answer.outcome === 'rejected') {
      store.editing = { base: edit.base, text: json(edit.value) };
      if (store === this.store) this.load();
      this.say(`Refused: ${answer.reason}`, 'bad', store);
    } else {
      store.conflict = { edit, theirs: answer.current };
      this.say('Nothing was written: decide which value stays.', '', store);
      if (store === this.store) {
        this.render();
        $('conflict-title').focus();
      }
    }
  }

  resolve(decision) {
    const { conflict } = this.store;
    this.store.conflict = null;
    decision(conflict);
    this.changed();
  }

  render() {
    const { editing, conflict, note, topic } = this.store;
    const newest = topic.get();
    $('editing').hidden = !!conflict;
    $('conflict').hidden = !conflict;
    $('draft').disabled = !editing;
    $('edit').disabled = !!editing || !newest || this.readOnly;
    $('propose').disabled = $('discard').disabled = !editing;
    setText($('draft-label'), this.label(editing, newest));
    setText($('note'), note?.text ?? (this.readOnly ? 'The server is read-only.' : ''));
    setData($('note'), 'tone', note?.tone ?? '');
    if (conflict) this.renderConflict(conflict);
  }

  label(editing, newest) {
    if (!editing) return 'JSON';
    const moved = newest && (newest.revision !== editing.base.revision || newest.epoch !== editing.base.epoch);
    return `JSON, made from ${sayVersion(editing.base)}${moved ? `; the newest is ${sayVersion(newest)}` : ''}`;
  }

  renderConflict({ edit, theirs }) {
    setText($('mine'), json(edit.value));
    setText($('theirs'), json(theirs.value));
    setText($('base'), json(edit.base.value));
    setText($('theirs-title'), `Theirs, ${sayVersion(theirs)}`);
    setText($('base-title'), `Base, ${sayVersion(edit.base)}`);
  }
}
