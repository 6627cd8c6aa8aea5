const UNRELEASED = '## Unreleased';

/**
 * The changelog with what was unreleased under a version, and room for what comes next.
 *
 * @param {string} text
 * @param {string} version e.g. "0.2.0"
 * @param {string} date e.g. "2026-12-01"
 * @throws Error when nothing is unreleased or the version is there already
 */
export function releaseChangelog(text, version, date) {
  if (text.includes(`## ${version} `)) throw new Error(`CHANGELOG.md has ${version} already`);
  if (sectionOf(text, 'Unreleased') === '') throw new Error('CHANGELOG.md has nothing under "Unreleased"');
  return text.replace(UNRELEASED, `${UNRELEASED}\n\n## ${version} (${date})`);
}

/**
 * What the changelog says of a version, without its heading; empty when it has none.
 *
 * @param {string} text
 * @param {string} version e.g. "0.2.0", or "Unreleased"
 */
export function sectionOf(text, version) {
  const sections = text.split(/^## /m).slice(1);
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  return section === undefined ? '' : section.slice(section.indexOf('\n')).trim();
}
