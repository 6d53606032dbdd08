/** Who is connected to the server, to which topics, and how far behind. */

import { isNewer } from '/statesync/statesync.js';
import { $, element, fill, setText } from './dom.js';

/** `streams` is null where the server does not answer; `newest(topic)` gives the newest version that is known. */
export function renderClients(streams, newest) {
  const items = streams?.length ? streams : [null];
  fill($('client-list'), items, () => {
    const row = element('li');
    row.append(element('strong'), element('span'), element('span'));
    return row;
  }, (row, stream) => {
    const [who, about, topics] = row.children;
    setText(who, stream ? program(stream.agent) : streams ? 'Nobody' : 'The server does not answer');
    setText(about, stream ? `${stream.address ?? ''} · ${state(stream)}` : '');
    setText(topics, stream ? stream.topics.map((topic) => standing(topic, newest(topic.topic))).sort().join(' · ') : '');
  });
}

function state(stream) {
  if (!stream.connected) return 'connection lost';
  return stream.blocked ? 'takes nothing' : 'connected';
}

function standing({ topic, sent, pulled }, newest) {
  const has = isNewer(pulled?.revision && pulled, sent?.revision ? sent : null) ? pulled : sent;
  if (!has?.revision) return `${topic}: nothing sent`;
  if (!newest || !isNewer(newest, has)) return `${topic}: up to date`;
  return has.epoch === newest.epoch ? `${topic}: ${BigInt(newest.revision) - BigInt(has.revision)} behind` : `${topic}: behind`;
}

const program = (agent) => /(Edg|OPR|Firefox|Chrome|Safari|Java[\w-]*)\/[\d.]+/.exec(agent ?? '')?.[0].replace(/(\/\d+)[\d.]*/, '$1') ?? agent ?? 'unknown program';
