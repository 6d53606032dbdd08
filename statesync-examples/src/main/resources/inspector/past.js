/** The states of a store that this page has seen, and which of them is looked at. */

const LIMIT = 500;

export class Past {
  states = []; // oldest first: {value, epoch, revision, at}
  shown = null; // one of the past; null follows the newest
  pinned = null;

  add(state) {
    this.states.push({ ...state, at: Date.now() });
    if (this.states.length > LIMIT) this.states.shift();
  }

  get newest() {
    return this.states.at(-1) ?? null;
  }

  get current() {
    return this.shown ?? this.newest;
  }

  /** Where the state is that is looked at; 0 also if it has become too old to be kept. */
  get index() {
    return Math.max(0, this.shown ? this.states.indexOf(this.shown) : this.states.length - 1);
  }

  /** Looks at another state; the last of them is the newest, and stays it. */
  show(index) {
    const last = this.states.length - 1;
    this.shown = index >= last ? null : this.states[Math.max(0, index)];
  }

  /** What the state is compared with: [older, newer]; null if there are not two. */
  pair(against) {
    const current = this.current;
    const other = { before: this.states[this.index - 1], newest: this.newest, pinned: this.pinned }[against];
    if (!current || !other || other === current) return null;
    return other.at < current.at || this.states.indexOf(other) < this.index ? [other, current] : [current, other];
  }
}
