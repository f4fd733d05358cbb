// A certificate authority of the test's own, by openssl's command: for the servers that are not Postroom's.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Makes anchor, certificate and key for localhost, or `name`, in `folder`. */
export function makeCertificates(folder, name = 'localhost') {
  const at = (file) => path.join(folder, file);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', at('anchor.key'), '-out', at('anchor.pem'), '-days', '30',
    '-subj', '/CN=Test anchor', '-addext', 'basicConstraints=critical,CA:TRUE');
  openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', `/CN=${name}`);
  writeFileSync(at('server.ext'),
    `subjectAltName=DNS:${name},IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('anchor.pem'), '-CAkey', at('anchor.key'),
    '-CAcreateserial', '-days', '30', '-extfile', at('server.ext'), '-out', at('server.pem'));
  chmodSync(at('server.key'), 0o644);  // the servers run as users of their own, in a folder that ends with the test
  return { anchor: at('anchor.pem'), certificate: at('server.pem'), key: at('server.key') };
}

/** What an application proves itself with: a certificate for `name` and its RSA key, as one PEM; and the certificate alone. */
export function makeClientCertificate(folder, name) {
  const [certificate, key] = ['pem', 'key'].map((ending) => path.join(folder, `${name}.${ending}`));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '30', '-subj', `/CN=${name}`],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const [shown, secret] = [certificate, key].map((file) => readFileSync(file, 'utf8'));
  return { certificate: shown, key: secret, both: shown + secret };
}
