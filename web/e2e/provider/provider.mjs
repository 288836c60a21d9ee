// An identity provider as an agency may have one: OpenID Connect, code flow with PKCE. Whoever signs in is who they say they are; with mfa it says that a second factor was used.
// It asks everybody once and remembers them in the browser, and asks anew where it is told to. Its pages load nothing from elsewhere.
// usage: node provider.mjs MODULES PORT CLIENT SECRET REDIRECT_URI [mfa]   (MODULES has node_modules as the lock file names them; PORT 0 takes any)
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, client, secret, redirect, mfa] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(join(resolve(modules), 'node_modules/oidc-provider/lib/index.js')));
let provider;

const page = (body) => `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Sign in at the agency</title><main><h1>Sign in at the agency</h1>${body}</main></html>`;
const form = page('<form method="post"><p><label>E-mail address <input name="login" required></label></p><button name="do" value="enter">Sign in here</button> <button name="do" value="deny" formnovalidate>Do not sign in</button></form>');

// result is what became of somebody at the form.
function result(asked) {
  if (asked.get('do') !== 'enter') return { error: 'access_denied' };
  return { login: { accountId: asked.get('login'), amr: mfa ? ['pwd', 'otp', 'mfa'] : ['pwd'] } };
}

async function signIn(req, res) {
  await provider.interactionDetails(req, res);
  if (req.method !== 'POST') return res.setHeader('Content-Type', 'text/html; charset=utf-8').end(form);
  let body = '';
  for await (const part of req) body += part;
  return provider.interactionFinished(req, res, result(new URLSearchParams(body)), { mergeWithLastSubmission: false });
}

const server = createServer((req, res) => {
  if (!req.url.startsWith('/login/')) return provider.callback()(req, res);
  signIn(req, res).catch((err) => { console.error(err.message); res.statusCode = 500; res.end(); });
});
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect], response_types: ['code'], grant_types: ['authorization_code'] }],
    claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, i) => `/login/${i.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: true }) }),
    // The agency has agreed for its people: nobody is asked what the exchange may know.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  provider.on('server_error', (_, err) => console.error(err.message));
  console.log(`ready ${issuer}`);
});
