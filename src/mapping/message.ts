// What a conversation is made of: one message, and why the model stopped after it.
import type { ToolCall } from "./parts.js";

/** A message as LangSmith shows it. */
export interface Message {
  role: string;
  name?: string;
  content: unknown;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
  [key: string]: unknown;
}

/** A message, and why the model stopped after it, where that is said with it. */
export interface Turn {
  message: Message;
  finish?: string;
}
