/** The difference between two JSON values, as changes by path. */

const isObject = (value) => value !== null && typeof value === 'object';

const step = (path, key, inArray) =>
  inArray ? `${path}[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;

/** What changed from one value to another: [{path, kind: 'added' | 'removed' | 'changed', before, after}]. */
export function diff(before, after, path = '$', found = []) {
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) {
    if (before !== after) found.push({ path, kind: 'changed', before, after });
    return found;
  }
  const inArray = Array.isArray(before);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = step(path, key, inArray);
    if (!Object.hasOwn(after, key)) found.push({ path: at, kind: 'removed', before: before[key] });
    else if (!Object.hasOwn(before, key)) found.push({ path: at, kind: 'added', after: after[key] });
    else diff(before[key], after[key], at, found);
  }
  return found;
}

/** Whether two values are the same; the order of keys does not count. */
export const same = (a, b) => diff(a, b).length === 0;
