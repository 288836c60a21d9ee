#!/usr/bin/env node
// A court's system on node soap: runs a script of calls against the hub and prints what came of each.
// usage: court.js SCRIPT.json
//
// The script names the service (wsdl, edition), the connection (ca, cert, key), a message signature if any (sign), whether attachments travel by MTOM,
// and the steps. A step is an operation of the WSDL with its arguments, or with its content as XML where a signed package must not be written anew: in
// "xml", {{package}} is the file in "package", {{image}} the base64 of the file in "image" or, by MTOM, a pointer to its part. With "listen" it serves
// the listener's contract instead and prints what it was told, until it has heard "count" notices.
'use strict'
const fs = require('fs')
const https = require('https')
const soap = require('soap')

const xop = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:image"/>'

// Both is the client certificate of the connection and the signature of the message.
class Both {
  constructor (ssl, wss) { this.ssl = ssl; this.wss = wss }
  addOptions (o) { this.ssl.addOptions(o) }
  toXML () { return this.wss.toXML ? this.wss.toXML() : '' }
  postProcess (xml, envelopeKey) { return this.wss.postProcess(xml, envelopeKey) }
}

function security (script) {
  const ssl = new soap.ClientSSLSecurity(script.key, script.cert, script.ca)
  if (!script.sign) return ssl
  const options = {}
  if (script.sign.plain) Object.assign(options, { signatureTransformations: ['http://www.w3.org/2001/10/xml-exc-c14n#'], signerOptions: { idMode: 'wssecurity' } })
  return new Both(ssl, new soap.WSSecurityCert(fs.readFileSync(script.sign.key), fs.readFileSync(script.sign.cert), '', options))
}

function plain (value) {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}

async function call (client, script, step) {
  let args = step.arguments || {}
  const options = {}
  if (step.xml) {
    const image = step.image ? fs.readFileSync(step.image) : Buffer.alloc(0)
    const signed = step.package ? fs.readFileSync(step.package, 'utf8').replace(/^<\?xml[^>]*\?>\s*/, '') : ''
    if (script.mtom && step.image) {
      Object.assign(options, { forceMTOM: true, attachments: [{ mimetype: 'application/pdf', contentId: 'image', name: 'image.pdf', body: image }] })
    }
    args = { $xml: step.xml.replace('{{package}}', () => signed).replace('{{image}}', () => options.forceMTOM ? xop : image.toString('base64')) }
  }
  try {
    const [answer, raw, , , attachments] = await client[step.operation + 'Async'](args, options)
    const parts = (client.lastResponseAttachments && client.lastResponseAttachments.parts) || []
    return { answer: plain(answer), parts: parts.map(p => Buffer.from(p.body).toString('base64')), raw: step.raw ? raw : undefined, attachments: plain(attachments) }
  } catch (e) {
    const fault = e.root && e.root.Envelope && e.root.Envelope.Body.Fault
    return { fault: fault ? plain(fault) : null, error: String(e.message || e) }
  }
}

async function run (script) {
  const ssl = { key: fs.readFileSync(script.key), cert: fs.readFileSync(script.cert), ca: fs.readFileSync(script.ca) }
  const agent = new https.Agent(ssl)
  const client = await soap.createClientAsync(script.wsdl, { wsdl_options: { httpsAgent: agent }, forceSoap12Headers: script.edition === '1.2', parseReponseAttachments: true, endpoint: script.endpoint })
  client.setSecurity(security(script))
  const results = []
  for (const step of script.steps) results.push(await call(client, script, step))
  return results
}

// listen serves the listener's contract over HTTPS and resolves when it has heard enough.
function listen (script) {
  return new Promise((resolve, reject) => {
    const heard = []
    const server = https.createServer({ key: fs.readFileSync(script.key), cert: fs.readFileSync(script.cert), requestCert: true, rejectUnauthorized: false }, (req, res) => { res.statusCode = 404; res.end() })
    const answer = args => {
      heard.push(plain(args))
      return { [script.listen.answer]: args[script.listen.notice][script.listen.number] }
    }
    // Both ports have one address: node soap takes the first of the contract, whatever version comes.
    const ports = Object.fromEntries(script.listen.portNames.map(name => [name, { [script.listen.operation]: answer }]))
    // Only when the answer has gone out is the notice confirmed. Once it has read the contract, soap.listen takes every earlier handler of requests away.
    const ready = () => server.prependListener('request', (req, res) => res.on('finish', () => { if (heard.length >= script.listen.count) { server.close(); resolve(heard) } }))
    server.on('error', reject)
    server.listen(script.listen.port, '127.0.0.1', () => {
      const heardBy = soap.listen(server, { path: '/listener', services: { [script.listen.service]: ports }, xml: fs.readFileSync(script.listen.wsdl, 'utf8'), uri: script.listen.wsdl, forceSoap12Headers: script.edition === '1.2', callback: ready })
      heardBy.log = (type, data) => { if (type === 'received' && script.listen.save) fs.writeFileSync(script.listen.save, data) }
      process.stderr.write('listening\n')
    })
  })
}

const script = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))
;(script.listen ? listen(script) : run(script)).then(results => { process.stdout.write(JSON.stringify(results)) }, e => { process.stderr.write(String(e && e.stack || e) + '\n'); process.exit(1) })
