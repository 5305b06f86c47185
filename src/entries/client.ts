// `otel-langsmith/client`: what tracing programs take from `langsmith/client`.
export { Client, type ClientOptions, type ClientOptions as ClientConfig } from "../client/client.js";
