// What was taken and when it was sent: it tells a fault of the service or the key from a fault of one request.

export class Evidence {
  #time = 0;
  #takenAt = 0;
  #forgottenAt = 0;
  readonly #listeners = new Set<() => void>();

  /** A mark in time: later marks are greater. */
  mark(): number {
    this.#time += 1;
    return this.#time;
  }

  /** A request that was sent at `mark` was taken, with the key of now. */
  taken(mark: number): void {
    if (mark <= this.#forgottenAt) return;
    this.#takenAt = Math.max(this.#takenAt, mark);
    for (const listener of this.#listeners) listener();
  }

  /** Whether a request was taken that was sent after `mark`. One that was under way already proves nothing. */
  isTakenSince(mark: number): boolean {
    return this.#takenAt > mark;
  }

  /** Whether anything was taken since the start, or since `forget`. */
  get isAnyTaken(): boolean {
    return this.#takenAt > 0;
  }

  /** What was sent so far proves nothing any more. */
  forget(): void {
    this.#takenAt = 0;
    this.#forgottenAt = this.mark();
  }

  onTaken(listener: () => void): void {
    this.#listeners.add(listener);
  }
}
