// A provider of OpenID that nobody here wrote: oidc-provider, with its device flow, revocation and introspection, and its own
// development pages for signing in and agreeing. Prints what it is asked, a JSON object a line.
//
//   provider.mjs CLIENT SECRET
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [client, secret] = process.argv.slice(2);
const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));

let answer = (_, response) => response.end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: client,
      client_secret: secret,
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      redirect_uris: [],
      response_types: [],
    }],
    features: {
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
    // the account is what was typed as a name
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ["only for a test"] },
    pkce: { required: () => false },
  });
  provider.on("server_error", (_, fault) => tell("error", { text: String(fault) }));
  provider.on("grant.error", (_, fault) => tell("refused", { error: fault.error }));
  provider.on("grant.success", () => tell("granted"));
  provider.on("access_token.destroyed", () => tell("revoked"));
  const callback = provider.callback();
  answer = (request, response) => {
    if (request.method === "POST") tell("asked", { path: request.url.split("?")[0], basic: Boolean(request.headers.authorization) });
    return callback(request, response);
  };
  tell("listening", { port });
});
