# Writes messages as zeep signs them: python3 with-zeep.py KEY CERT. It needs zeep and xmlsec (python3-zeep, python3-xmlsec).
import datetime
import sys

import xmlsec
from lxml import etree
from zeep import ns
from zeep.wsse.signature import BinarySignature, Signature
from zeep.wsse.utils import WSU, get_security_header

key, cert = sys.argv[1:3]


class Recorded:
    def __init__(self, make):
        self.make = make

    def envelope(self):
        root = etree.fromstring(
            '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
            '<ns0:Do xmlns:ns0="urn:example:service:1">Rowan Granite</ns0:Do></soap-env:Body></soap-env:Envelope>')
        created = datetime.datetime(2026, 11, 22, 7, 59, 0)
        timestamp = WSU("Timestamp")
        timestamp.append(WSU("Created", created.isoformat() + "Z"))
        timestamp.append(WSU("Expires", (created + datetime.timedelta(minutes=5)).isoformat() + "Z"))
        get_security_header(root).append(timestamp)
        signature = self.make(key, cert, signature_method=xmlsec.Transform.RSA_SHA256, digest_method=xmlsec.Transform.SHA256)
        root, _ = signature.apply(root, {})
        return etree.tostring(root)


for name, make in {"zeep-signature": Signature, "zeep-binary-signature": BinarySignature}.items():
    with open(name + ".xml", "wb") as f:
        f.write(Recorded(make).envelope())
