/** Throws, with what was seen in its place, where something is otherwise than a drill expects. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
