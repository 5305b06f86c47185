// The ways of the README: what each says to install, its files, and its command.

export interface Way {
  readonly title: string;
  readonly packages: readonly string[];
  /** By the name that their first line says. */
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** The sections of the README that install something and run it. */
export function waysOf(readme: string): Way[] {
  return readme
    .split(/^### /m)
    .slice(1)
    .map((text) => {
      const section = text.split(/^## /m)[0] ?? "";
      const blocks = [...section.matchAll(/^```(\w+)\n([^`]*(?:`(?!``)[^`]*)*)```$/gm)];
      const shell = blocks.flatMap(([, language, block = ""]) => (language === "sh" ? block.trim().split("\n") : []));
      const programs = blocks.flatMap(([, language, block = ""]) => (language === "js" ? [block] : []));
      return {
        title: section.split("\n")[0] ?? "",
        packages: wordsAfter(shell, "npm install "),
        files: Object.fromEntries(programs.map((program) => [/^\/\/ (\S+)\n/.exec(program)?.[1] ?? "", program])),
        command: ["node", ...wordsAfter(shell, "node ")],
      };
    });
}

function wordsAfter(lines: readonly string[], command: string): string[] {
  const line = lines.find((each) => each.startsWith(command));
  if (line === undefined) throw new Error(`README.md: no line that begins with ${command}`);
  return line.slice(command.length).split(" ").filter(Boolean);
}
