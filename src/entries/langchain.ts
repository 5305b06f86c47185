// `otel-langsmith/langchain`: nothing; LangChain's own tracing stays with the langsmith package.
import { keptThere } from "../missing.js";

export const getLangchainCallbacks = keptThere("getLangchainCallbacks", "langchain");
export const RunnableTraceable = keptThere("RunnableTraceable", "langchain");
