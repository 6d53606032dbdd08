/** What happened, at the server and in this page, newest first. */

import { $, element, fill, setData, setText, time } from './dom.js';

const KEPT = 1000;
const ROWS = 120;

export class Timeline {
  events = []; // oldest first
  frozen = null; // what is shown while it is paused
  kinds = [];

  constructor(changed) {
    $('kinds').onchange = ({ target }) => {
      this.kinds = target.value.split(' ').filter(Boolean);
      changed();
    };
    $('pause').onclick = ({ target }) => {
      this.frozen = this.frozen ? null : [...this.events];
      target.setAttribute('aria-pressed', String(!!this.frozen));
      setText(target, this.frozen ? 'Go on' : 'Pause');
      changed();
    };
  }

  /** Adds events in the order of their times: the server's come later than the page's. */
  add(where, ...events) {
    const late = events.length && events[0].at < this.events.at(-1)?.at;
    this.events.push(...events.map((event) => ({ where, ...event })));
    if (late) this.events.sort((a, b) => a.at - b.at);
    if (this.events.length > KEPT + 200) this.events = this.events.slice(-KEPT);
  }

  render() {
    const all = this.frozen ?? this.events;
    const shown = this.kinds.length ? all.filter((event) => this.kinds.includes(event.kind)) : all;
    fill($('timeline'), shown.slice(-ROWS).reverse(), makeRow, showEvent);
  }
}

function makeRow() {
  const row = element('li');
  row.append(...['time', 'where', 'topic', 'kind', 'version', 'message'].map((name) => element('span', `cell ${name}`)));
  return row;
}

function showEvent(row, event) {
  setData(row, 'kind', event.kind);
  const message = event.message ?? (event.ms === undefined ? '' : `status ${event.status}, ${Math.round(event.ms)} ms`);
  const phase = event.phase ? `${event.phase}: ` : '';
  const texts = [time(event.at), event.where, event.topic ?? '', event.kind, event.revision ? `revision ${event.revision}` : '', phase + message];
  texts.forEach((text, i) => setText(row.children[i], text));
}
