// Where a command writes: the standard output, or what a test reads.

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}
