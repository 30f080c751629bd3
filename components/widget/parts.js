// What a page may need besides the chips comes when it does, under the name of its content, from where the box came from.

const base = import.meta.url.replace(/(v1\/).*|[^/]*$/, '$1');

/** The function that a part exports. PARTS, name to content hash, is filled in by build.py. */
export async function load(name) {
  const file = `suggest-${name}.js`;
  // A page that holds an older box than the service still finds a part.
  const part = await import(`${base}${PARTS[name]}/${file}`).catch(() => import(base + file));
  return part.default;
}
