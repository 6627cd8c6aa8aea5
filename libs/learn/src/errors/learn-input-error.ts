/**
 * What was given cannot be learned from: a setting out of bounds, arrays that do not fit each other, too few rows. It
 * says what is wrong and, where one thing helps, what to do. Never thrown for a failure of the engine or the machine.
 */
export class LearnInputError extends Error {
  override readonly name = 'LearnInputError';
}
