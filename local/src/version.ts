// The package's version, in one place for `/info` and the command line.
export const VERSION = "0.1.0";
