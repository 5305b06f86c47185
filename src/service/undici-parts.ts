// The parts of undici that the bridge uses, past its index. Bundlers get a copy of them that is an ES module throughout
// (package.json's `imports`): what undici requires of Node cannot be required in an ES module that they write.
export { default as methods } from "undici/lib/api/index.js";
export { default as Agent } from "undici/lib/dispatcher/agent.js";
export { default as DispatcherClass } from "undici/lib/dispatcher/dispatcher.js";
export { default as EnvHttpProxyAgent } from "undici/lib/dispatcher/env-http-proxy-agent.js";
