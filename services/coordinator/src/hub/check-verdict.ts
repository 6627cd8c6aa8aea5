import type { CodeOf } from '@onescan/contract/reasons/reason.js';
import type { ResultDocument } from '../model/result-document.js';

/** From this version on a document says what an honest panel of features reaches. */
const VERSION_WITH_SUSPECTS = 3;

/** The verdict that each reason gives. */
const VERDICT_FOR: Readonly<Record<CodeOf<'verdict'>, ResultDocument['verdict']>> = {
  skill: 'SKILL',
  suspect_features: 'SKILL_SUSPECT',
  suspect_edge: 'SKILL_SUSPECT',
  no_skill: 'NO_SKILL_BEYOND_OVERLAP',
  no_feature: 'NO_SKILL_BEYOND_OVERLAP',
  worse: 'NO_SKILL_BEYOND_OVERLAP',
  size_only: 'NO_SKILL_BEYOND_OVERLAP',
  weak_edge: 'NO_SKILL_BEYOND_OVERLAP',
  overlap_unknown: 'INCONCLUSIVE',
  few_rows: 'INCONCLUSIVE',
  few_blocks: 'INCONCLUSIVE',
};

/**
 * What is wrong with the verdict of a document: another than its reason gives, or one that does not fit what is
 * suspicious in it; undefined when nothing is. Skill is never taken from a trainer that keeps a suspicion to itself.
 */
export function verdictProblem(document: ResultDocument): string | undefined {
  const { formatVersion, verdict, verdictReason, suspicious, skill } = document;
  if (formatVersion < VERSION_WITH_SUSPECTS) return undefined;
  const code = verdictReason?.code ?? '';
  if (VERDICT_FOR[code as CodeOf<'verdict'>] !== verdict)
    return `the verdict ${verdict} has the reason ${code}`;
  const { honestEdge, unknownEdge } = skill;
  if (honestEdge === undefined) return 'the document has no skill.honestEdge';
  const isBeyond = unknownEdge.value !== null && unknownEdge.value > honestEdge;
  if (verdict === 'SKILL' && suspicious.length > 0)
    return `the verdict SKILL rests on ${suspicious.length} suspicious features`;
  if (verdict === 'SKILL' && isBeyond) return 'the verdict SKILL rests on more than an honest panel reaches';
  if (code === 'suspect_features' && suspicious.length !== verdictReason?.facts.suspects)
    return `the verdict ${verdict} counts other suspicious features than the document has`;
  if (code === 'suspect_edge' && !isBeyond)
    return `the verdict ${verdict} has an edge that an honest panel reaches`;
  return undefined;
}
