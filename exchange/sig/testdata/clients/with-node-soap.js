// Writes messages as node's soap signs them: node with-node-soap.js KEY CERT. It needs the npm package soap, 1.13.
const fs = require('fs')
const { WSSecurityCert } = require('soap')

// The times of these messages are fixed, so that they can be verified at any time.
const now = new Date('2026-11-22T07:59:00Z').getTime()
global.Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(now) } }

const [key, cert] = process.argv.slice(2).map((f) => fs.readFileSync(f))
const envelope = '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
  'xmlns:tns="urn:example:service:1"><soap:Header></soap:Header><soap:Body><tns:Do>Rowan Granite</tns:Do></soap:Body></soap:Envelope>'

for (const [name, options] of Object.entries({
  'node-soap': {},
  'node-soap-wsu': { signerOptions: { idMode: 'wssecurity' }, signatureTransformations: ['http://www.w3.org/2001/10/xml-exc-c14n#'] },
  'node-soap-prefix': { signerOptions: { prefix: 'ds' } }
})) {
  fs.writeFileSync(name + '.xml', new WSSecurityCert(key, cert, '', options).postProcess(envelope, 'soap'))
}
