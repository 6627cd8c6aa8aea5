/**
 * Cycles of a directed graph: of every set of nodes that reach one another, one shortest cycle.
 *
 * The sets are the strongly connected components, found as in R. Tarjan, "Depth-first search and linear graph
 * algorithms", SIAM J. Comput. 1 (1972).
 *
 * @param edges `{ from, to }`, with whatever else
 * @returns for each cycle its edges in order, beginning at the node that sorts first
 */
export function findCycles(edges) {
  const leaving = new Map();
  for (const edge of edges) leaving.set(edge.from, [...(leaving.get(edge.from) ?? []), edge]);
  const cycles = components(leaving)
    .map((nodes) => shortestCycle(new Set(nodes), leaving))
    .filter((cycle) => cycle !== undefined);
  return cycles.sort(([a], [b]) => (a.from < b.from ? -1 : 1));
}

/** Nodes by component; each node calls itself no deeper than its chain of edges. */
function components(leaving) {
  const found = [];
  const order = new Map();
  const low = new Map();
  const stack = [];
  const open = new Set();
  const walk = (node) => {
    order.set(node, order.size);
    low.set(node, order.get(node));
    stack.push(node);
    open.add(node);
    for (const { to } of leaving.get(node) ?? []) {
      if (!order.has(to)) walk(to);
      if (open.has(to)) low.set(node, Math.min(low.get(node), low.get(to)));
    }
    if (low.get(node) !== order.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    for (const each of component) open.delete(each);
    found.push(component);
  };
  for (const node of [...leaving.keys()].sort()) if (!order.has(node)) walk(node);
  return found;
}

/** A shortest cycle through the first node that is on one, within a component; undefined when there is none. */
function shortestCycle(nodes, leaving) {
  const start = [...nodes].sort()[0];
  let paths = [[start, []]];
  const seen = new Set();
  while (paths.length > 0) {
    const next = [];
    for (const [node, path] of paths) {
      for (const edge of leaving.get(node) ?? []) {
        if (edge.to === start) return [...path, edge];
        if (!nodes.has(edge.to) || seen.has(edge.to)) continue;
        seen.add(edge.to);
        next.push([edge.to, [...path, edge]]);
      }
    }
    paths = next;
  }
  return undefined;
}
