/** Small helpers for the page. Values reach it as text only. */

export const $ = (id) => document.getElementById(id);

/** Sets a text if it is another: what stays is not laid out again, and not read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function element(tag, className, text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** Has a list hold one element for each item, and reuses those that are there. */
export function fill(list, items, make, update) {
  while (list.children.length > items.length) list.lastElementChild.remove();
  items.forEach((item, i) => {
    const row = list.children[i] ?? list.appendChild(make());
    update(row, item);
  });
}

/** Calls `render` at most once for each animation frame, however often it is asked to. */
export function perFrame(render) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      render();
    });
  };
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false,
});

export const time = (at) => clock.format(at);

export const json = (value) => JSON.stringify(value, null, 2) ?? '';

/** A function of an object that is asked for again and again, and counted once. */
export function remembered(compute) {
  const known = new WeakMap();
  return (of) => {
    if (!known.has(of)) known.set(of, compute(of));
    return known.get(of);
  };
}
