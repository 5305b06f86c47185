// A run written out for `/runs/multipart`: what travels as a part of its own.

/** One field of a run that travels as a part of its own. */
export type PartField = "inputs" | "outputs" | "events" | "error" | "extra" | "serialized";

export interface AttachmentPart {
  readonly name: string;
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** A run written out as JSON: its core and the fields that travel as parts of their own. */
export interface RunParts {
  readonly core: Buffer;
  readonly fields: readonly (readonly [PartField, Buffer])[];
  readonly attachments: readonly AttachmentPart[];
}
