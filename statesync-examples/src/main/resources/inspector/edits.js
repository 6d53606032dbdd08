/**
 * Edits on their way to the server. One that cannot be sent waits, with its base and a name of its own, and is sent when
 * the server is back; under the same name it is not written twice. They survive a reload of the tab.
 */

import { uniqueId } from '/statesync/statesync.js';
import { same } from './diff.js';

const KEY = 'statesync-edits';
const RETRY_MS = 2000;

export class Edits {
  waiting = []; // {topic, value, base: {value, epoch, revision}, id}, at most one for each topic

  /**
   * `topicOf(name)` gives the topic of statesync.js; `settled(edit, answer)` hears of each answer, `failed(edit, error)` of
   * each time that there was none.
   */
  constructor(topicOf, settled, failed, changed) {
    Object.assign(this, { topicOf, settled, failed, changed });
    this.sending = new Set(); // of topics
    try {
      this.waiting = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    } catch {
      sessionStorage.removeItem(KEY); // not of this page
    }
    setInterval(() => this.sendAll(), RETRY_MS);
  }

  /** Proposes a value. One that waits for the same topic is replaced; it keeps the base of the first. */
  propose(topic, value, base) {
    const earlier = this.waiting.find((edit) => edit.topic === topic);
    const edit = { topic, value, base: earlier?.base ?? base, id: uniqueId() };
    this.#keep([...this.waiting.filter((other) => other !== earlier), edit]);
    return this.#send(edit);
  }

  drop(edit) {
    this.#keep(this.waiting.filter((other) => other !== edit));
  }

  /** Sends what waits, where there is a connection. */
  sendAll() {
    this.waiting.filter((edit) => this.topicOf(edit.topic)?.status().connected).forEach((edit) => this.#send(edit));
  }

  /** One at a time for each topic. */
  async #send(edit) {
    const topic = this.topicOf(edit.topic);
    if (!topic || this.sending.has(edit.topic)) return;
    this.sending.add(edit.topic);
    try {
      const answer = await this.#ask(topic, edit);
      const wanted = this.waiting.includes(edit); // neither replaced nor dropped meanwhile
      const later = this.waiting.find((other) => other.topic === edit.topic && other !== edit);
      if (later && answer.outcome === 'accepted') later.base = { ...answer, value: edit.value };
      this.drop(edit);
      if (wanted) this.settled(edit, answer);
      if (later) queueMicrotask(() => this.#send(later));
    } catch (error) {
      edit.problem = error.message;
      this.failed(edit, error);
    } finally {
      this.sending.delete(edit.topic);
    }
  }

  /** A server that restarted counts in another epoch: only another value there is a conflict. */
  async #ask(topic, edit) {
    const answer = await topic.propose(edit.value, edit.base, edit.id);
    if (answer.outcome !== 'conflict') return answer;
    if (same(answer.current.value, edit.value)) return { ...answer.current, outcome: 'accepted' };
    if (!same(answer.current.value, edit.base.value)) return answer;
    edit.base = answer.current;
    edit.id = uniqueId();
    this.#keep(this.waiting);
    return topic.propose(edit.value, edit.base, edit.id);
  }

  #keep(edits) {
    this.waiting = edits;
    sessionStorage.setItem(KEY, JSON.stringify(edits));
    this.changed();
  }
}
