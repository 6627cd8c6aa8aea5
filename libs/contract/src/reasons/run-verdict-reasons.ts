import { FACT, percent, reasonEntry } from './reason-entry.js';

const { count, figure, share } = FACT;

const counted = { tests: count, tested: count, skill: count, expectedFalse: figure, familyLevel: share };

interface Counted {
  readonly tests: number;
  readonly tested: number;
  readonly skill: number;
  readonly expectedFalse: number;
  readonly familyLevel: number;
}

function countedText({ tests, skill, expectedFalse }: Counted): string {
  return `${skill} of ${tests} verdicts are SKILL by themselves, up to ${expectedFalse.toFixed(1)} would be by chance`;
}

/** What the verdict of a run as a whole rests on. */
export const RUN_VERDICT_REASONS = {
  run_skill: reasonEntry(
    'verdicts stay SKILL when all tests of the run are counted',
    { ...counted, adjusted: count },
    (facts) =>
      `${countedText(facts)}; ${facts.adjusted} stay${facts.adjusted === 1 ? 's' : ''} so with p-values adjusted for all tests, at ${percent(facts.familyLevel, 0)}`,
  ),
  run_no_skill: reasonEntry(
    'no verdict stays SKILL when all tests of the run are counted',
    counted,
    (facts) =>
      `${countedText(facts)}; none stays so with p-values adjusted for all tests, at ${percent(facts.familyLevel, 0)}`,
  ),
  run_untested: reasonEntry(
    'no result of the run could be tested',
    { tests: count },
    (facts) => `none of ${facts.tests} pairs and horizons could be tested`,
  ),
};
