// Microsoft's own library against the lab's identity provider: each line of stdin is a call, each line of stdout its outcome. Its cache of
// tokens lives as long as this process, which trusts NODE_EXTRA_CA_CERTS.
import readline from 'node:readline';
import { ConfidentialClientApplication, PublicClientApplication } from '@azure/msal-node';

const { auth, publicClientId } = JSON.parse(process.argv[2]);
const system = { loggerOptions: { loggerCallback: () => {} } };
// The same application, which proves itself by a certificate.
const certified = (clientCertificate) => new ConfidentialClientApplication({ auth: { ...auth, clientSecret: undefined, clientCertificate }, system });
const confidential = new ConfidentialClientApplication({ auth, system });
const devices = new PublicClientApplication({ auth: { ...auth, clientId: publicClientId, clientSecret: undefined }, system });
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const shown = ({ accessToken, idToken, account, scopes, expiresOn, fromCache }) =>
  ({ accessToken, idToken, username: account?.username, tenant: account?.tenantId, scopes, expiresOn, fromCache });
const accountOf = async (username) => (await confidential.getTokenCache().getAllAccounts()).find((each) => each.username === username);

const calls = {
  url: async (given) => ({ url: await confidential.getAuthCodeUrl(given) }),
  code: async (given) => shown(await confidential.acquireTokenByCode(given)),
  silent: async ({ username, ...given }) => shown(await confidential.acquireTokenSilent({ ...given, account: await accountOf(username) })),
  application: async (given) => shown(await confidential.acquireTokenByClientCredential(given)),
  certified: async ({ clientCertificate, ...given }) => shown(await certified(clientCertificate).acquireTokenByClientCredential(given)),
  device: async (given) => shown(await devices.acquireTokenByDeviceCode({ ...given, deviceCodeCallback: (code) => say({ code }) })),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { call, ...given } = JSON.parse(line);
  try {
    say(await calls[call](given));
  } catch (error) {
    say({ error: { code: error.errorCode, message: error.errorMessage, numbers: error.errorNo, suberror: error.subError, name: error.name } });
  }
}
