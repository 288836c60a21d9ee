// An identity provider as an agency may have one: OpenID Connect, code flow with PKCE. Whoever signs in is who they say they are; with mfa=1 it says that a second factor was used.
// usage: node provider.mjs PORT CLIENT SECRET REDIRECT_URI [mfa]
import { Provider } from "oidc-provider";

const [port, client, secret, redirect, mfa] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], amr: null },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, ...(mfa ? { amr: ["pwd", "mfa"] } : {}) }),
  }),
  pkce: { required: () => true },
});
provider.on("server_error", (_, err) => console.error(err.message));
provider.listen(Number(port), "127.0.0.1", () => console.log(`ready ${issuer}`));
