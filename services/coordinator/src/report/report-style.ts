/** The report's style sheet: light and dark by the reader's setting, nothing loaded. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1c2026; --faint: #667080; --paper: #ffffff; --panel: #f4f6f8; --bad: #b3261e; --good: #1a7f5a; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --faint: #98a1ae; --paper: #14171b; --panel: #1e2329; --bad: #ff8a80; --good: #5fd3a8; --link: #7db8f0; }
}
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { margin-top: 2.2rem; font-size: 1.25rem; } h3 { font-size: 1.05rem; }
figure { margin: 0; } svg { max-width: 100%; height: auto; display: block; } svg text { dominant-baseline: central; }
@media screen and (max-width: 700px) { body { padding: 1rem; } figure { overflow-x: auto; } figure svg { max-width: none; } .two svg { max-width: 100%; } }
table { border-collapse: collapse; font-size: 0.9rem; } th, td { padding: 0.25rem 0.7rem; text-align: left;
  border-bottom: 1px solid color-mix(in srgb, var(--faint) 40%, transparent); vertical-align: top; }
.figure { text-align: right; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; }
.facts { display: flex; flex-wrap: wrap; gap: 0.6rem; padding: 0; list-style: none; }
.facts li { background: var(--panel); border-radius: 6px; padding: 0.5rem 0.8rem; } .facts b { display: block; font-size: 1.15rem; }
.problems { border-left: 4px solid var(--bad); padding: 0.4rem 1rem; background: var(--panel); }
.pair { content-visibility: auto; contain-intrinsic-size: auto 90rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0.5rem; }
details { border: 1px solid color-mix(in srgb, var(--faint) 40%, transparent); border-radius: 6px; margin: 0.5rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; } .small { color: var(--faint); font-size: 0.85rem; } .state { font-weight: 600; }
.undrawn { border-left: 4px solid var(--faint); padding: 0.4rem 1rem; background: var(--panel); }
nav { background: var(--panel); border-radius: 6px; padding: 0.5rem 0.9rem; margin: 1rem 0; font-size: 0.9rem; }
nav a { margin-right: 0.9rem; white-space: nowrap; } a { color: var(--link); } .lead { font-size: 1.05rem; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--link); } th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; } .figures { border: 0; margin: 0 0 1rem; padding: 0; font-size: 0.85rem; } .figures summary { color: var(--faint); }
.print { float: right; margin-top: -2.5rem; padding: 0.1rem 0.6rem; font: inherit; font-size: 0.85rem; color: var(--link); background: none; border: 1px solid currentColor; border-radius: 6px; cursor: pointer; }
@media print { :root { font-size: 11px; } [data-unprinted], .print { display: none; } .pair { content-visibility: visible; break-before: page; } h3, summary { break-after: avoid; } figure, .facts { break-inside: avoid; } body { max-width: none; padding: 0; font-size: 11px; } nav, .figures { display: none; } [data-unprinted] ~ .pair { break-before: auto; } h2 { break-after: avoid; } svg, tr, .problems { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; } details > summary { list-style: none; } a { color: inherit; } .scroll { overflow: visible; } }
code { font-size: 0.85em; overflow-wrap: anywhere; } time, td code, .figure { white-space: nowrap; }
`;
