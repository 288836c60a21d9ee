#!/usr/bin/python3
"""A court's system on Python zeep: runs a script of calls against the hub and prints what came of each.

usage: court.py SCRIPT.json

The script names the service (wsdl, binding), the connection (ca, cert, key), a message signature if any (sign) and the steps. A step is an
operation of the WSDL with its arguments; {"$file": PATH} stands for a file's bytes and {"$xml": PATH} for the XML element in it. Nothing
here knows the hub but by its WSDL. With "parse": {"wsdl": ..., "message": PATH} a step reads a message by that contract instead.
"""
import base64
import datetime
import decimal
import json
import sys

import lxml.etree
import requests
import xmlsec
import zeep
from zeep import ns
from zeep.transports import Transport
from zeep.utils import detect_soap_env
from zeep.wsse.signature import BinarySignature, Signature
from zeep.wsse.utils import WSU, get_security_header


class Timestamp:
    """Puts a wsu:Timestamp into the Security header; zeep's signatures sign one that they find."""

    def apply(self, envelope, headers):
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = WSU.Timestamp(
            WSU.Created(now.strftime("%Y-%m-%dT%H:%M:%SZ")),
            WSU.Expires((now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        )
        get_security_header(envelope).append(stamp)
        return envelope, headers

    def verify(self, envelope):
        return envelope


class Signed:
    """A message signature with SHA-256 (zeep's own default is SHA-1) on a message whose answer bears none."""

    def __init__(self, kind, key, cert):
        make = {"token": BinarySignature, "issuerSerial": Signature}[kind]
        self.signature = make(key, cert, signature_method=xmlsec.Transform.RSA_SHA256, digest_method=xmlsec.Transform.SHA256)

    def apply(self, envelope, headers):
        return self.signature.apply(envelope, headers)

    def verify(self, envelope):
        return envelope


def argument(value):
    if isinstance(value, dict):
        if "$file" in value:
            with open(value["$file"], "rb") as f:
                return f.read()
        if "$xml" in value:
            return lxml.etree.parse(value["$xml"]).getroot()
        return {k: argument(v) for k, v in value.items()}
    if isinstance(value, list):
        return [argument(v) for v in value]
    return value


def plain(value):
    """What zeep made of an answer, as JSON can say it."""
    value = zeep.helpers.serialize_object(value, dict)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, lxml.etree._Element):
        return lxml.etree.tostring(value).decode()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == int(value) else float(value)
    return value


def call(service, step):
    arguments = [argument(v) for v in step.get("positional", [])]
    named = {k: argument(v) for k, v in step.get("arguments", {}).items()}
    try:
        return {"answer": plain(service[step["operation"]](*arguments, **named))}
    except zeep.exceptions.Fault as f:
        detail = lxml.etree.tostring(f.detail).decode() if f.detail is not None else ""
        return {"fault": {"code": str(f.code), "subcodes": [str(c) for c in f.subcodes or []], "text": f.message, "detail": detail}}


def parse(step, transport):
    """Reads a message by a contract, as a listener built on zeep's types does."""
    client = zeep.Client(step["parse"]["wsdl"], transport=transport)
    envelope = lxml.etree.parse(step["parse"]["message"]).getroot()
    body = envelope.find(lxml.etree.QName(detect_soap_env(envelope), "Body"))[0]
    element = client.get_element(lxml.etree.QName(body.tag))
    return {"answer": plain(element.parse(body, client.wsdl.types))}


def main():
    with open(sys.argv[1]) as f:
        script = json.load(f)
    session = requests.Session()
    session.trust_env = False
    session.verify, session.cert = script["ca"], (script["cert"], script["key"])
    transport = Transport(session=session)
    wsse = None
    if "sign" in script:
        sign = script["sign"]
        wsse = zeep.wsse.Compose([Timestamp(), Signed(sign["kind"], sign["key"], sign["cert"])])
    client = zeep.Client(script["wsdl"], transport=transport, wsse=wsse)
    service = client.bind(port_name=script["port"])
    results = [parse(s, transport) if "parse" in s else call(service, s) for s in script["steps"]]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
